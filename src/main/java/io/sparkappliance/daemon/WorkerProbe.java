package io.sparkappliance.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.cluster.MasterClient;
import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Ready when the master that the worker registered with counts it as alive. */
final class WorkerProbe implements Probe {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http;
  private final MasterClient masters;
  private final Supplier<List<HostAndPort>> masterPages;
  private final HttpRequest ownPage;

  /**
   * Prepares the probe.
   *
   * @param masterPages where masters have their web pages, as this node reaches them: what a worker
   *     calls its master's page is an address for people
   * @param webUi the worker's own page
   */
  WorkerProbe(
      HttpClient http,
      MasterClient masters,
      Supplier<List<HostAndPort>> masterPages,
      HostAndPort webUi) {
    this.http = http;
    this.masters = masters;
    this.masterPages = masterPages;
    this.ownPage =
        HttpRequest.newBuilder(URI.create("http://" + webUi + "/json/")).timeout(TIMEOUT).build();
  }

  @Override
  public Optional<String> missing() {
    JsonNode worker;
    try {
      worker = JSON.readTree(http.send(ownPage, BodyHandlers.ofString()).body());
    } catch (IOException unreachable) {
      return Optional.of("its web page does not answer");
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return Optional.of("stopped");
    }
    if (worker.path("masterwebuiurl").asText().isEmpty()) {
      return Optional.of(
          masters.leaders(masterPages.get()).findAny().isEmpty()
              ? "no master has registered it yet"
              : "no master has registered it yet, though one leads: it takes no worker whose"
                  + " SPARK_RPC_AUTHENTICATION_SECRET is another, or missing");
    }
    String id = worker.path("id").asText();
    boolean alive =
        masters
            .leaders(masterPages.get())
            .flatMap(status -> status.workers().stream())
            .anyMatch(known -> known.id().equals(id) && known.isAlive());
    return alive ? Optional.empty() : Optional.of("its master does not count it as alive");
  }
}
