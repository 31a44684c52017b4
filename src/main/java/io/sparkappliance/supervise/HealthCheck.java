package io.sparkappliance.supervise;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * Asks a node how it is, from outside its process.
 *
 * @param healthy whether every role is ready; {@code message} tells one that starts from one that
 *     is broken
 * @param message one line for people
 */
public record HealthCheck(boolean healthy, String message) {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Asks the management endpoint.
   *
   * @param host address it listens on
   * @param port {@code MANAGEMENT_PORT}
   */
  public static HealthCheck of(String host, int port) {
    String base = "http://" + host + ":" + port;
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build()) {
      HttpResponse<String> answer =
          http.send(
              HttpRequest.newBuilder(URI.create(base + "/readyz")).timeout(TIMEOUT).build(),
              BodyHandlers.ofString());
      String summary = JSON.readTree(answer.body()).path("summary").asText();
      return new HealthCheck(answer.statusCode() == 200, summary);
    } catch (IOException unreachable) {
      return new HealthCheck(false, "no node answers on " + base);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return new HealthCheck(false, "stopped");
    }
  }
}
