package io.sparkappliance.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Asks a Spark master for its state, {@code GET /json/} of its web page. */
public final class MasterClient {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http;

  /**
   * Uses the given client.
   *
   * @param http should follow redirects: with TLS on, Spark redirects its plain port to the other
   */
  public MasterClient(HttpClient http) {
    this.http = http;
  }

  /**
   * Asks once.
   *
   * @param webUi host and port of the master's web page
   * @return its state; empty when nobody answers, or something that is no Spark master
   */
  public Optional<MasterStatus> status(HostAndPort webUi) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + webUi + "/json/")).timeout(TIMEOUT).build();
    try {
      var response = http.send(request, BodyHandlers.ofString());
      return response.statusCode() == 200 ? parse(response.body()) : Optional.empty();
    } catch (IOException unreachable) {
      return Optional.empty();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /**
   * Asks each of them, as far as the stream is read.
   *
   * @param webUis hosts and ports of masters' web pages
   * @return those that lead
   */
  public Stream<MasterStatus> leaders(Collection<HostAndPort> webUis) {
    return webUis.stream()
        .flatMap(page -> status(page).stream())
        .filter(status -> status.state() == MasterStatus.State.ALIVE);
  }

  /**
   * Reads the page.
   *
   * @return empty when the text is not what a Spark master answers
   */
  static Optional<MasterStatus> parse(String body) {
    try {
      JsonNode root = JSON.readTree(body);
      List<MasterStatus.Worker> workers = new ArrayList<>();
      for (JsonNode worker : root.path("workers")) {
        workers.add(
            new MasterStatus.Worker(
                worker.path("id").asText(),
                worker.path("host").asText(),
                worker.path("port").asInt(),
                worker.path("state").asText(),
                worker.path("cores").asInt(),
                worker.path("coresused").asInt(),
                worker.path("memory").asLong(),
                worker.path("memoryused").asLong()));
      }
      List<MasterStatus.Application> applications = new ArrayList<>();
      for (JsonNode application : root.path("activeapps")) {
        applications.add(
            new MasterStatus.Application(
                application.path("id").asText(),
                application.path("name").asText(),
                application.path("cores").asInt(),
                application.path("state").asText(),
                application.path("user").asText(),
                Instant.ofEpochMilli(application.path("starttime").asLong())));
      }
      return Optional.of(
          new MasterStatus(
              MasterStatus.State.valueOf(root.path("status").asText()),
              root.path("url").asText(),
              workers,
              applications));
    } catch (JsonProcessingException | IllegalArgumentException notAMaster) {
      return Optional.empty();
    }
  }
}
