package io.sparkappliance.supervise;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks a node how it is, from outside its process.
 *
 * @param healthy false when the node is broken, or not ready although it has been
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
      HttpResponse<String> health = get(http, base + "/healthz");
      JsonNode told = JSON.readTree(health.body());
      String phase = told.path("status").asText();
      if (health.statusCode() != 200) {
        return new HealthCheck(false, "broken: " + told.path("reason").asText(phase));
      }
      HttpResponse<String> ready = get(http, base + "/readyz");
      if (ready.statusCode() == 200) {
        return new HealthCheck(true, "ready");
      }
      if (phase.equals("preparing")) {
        return new HealthCheck(false, "preparing: init scripts, configuration, libraries");
      }
      return new HealthCheck(false, phase + ": " + notReady(JSON.readTree(ready.body())));
    } catch (IOException unreachable) {
      return new HealthCheck(false, "no node answers on " + base);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return new HealthCheck(false, "stopped");
    }
  }

  private static HttpResponse<String> get(HttpClient http, String address)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(address)).timeout(TIMEOUT).build(),
        BodyHandlers.ofString());
  }

  private static String notReady(JsonNode readiness) {
    List<String> parts = new ArrayList<>();
    readiness
        .path("roles")
        .properties()
        .forEach(
            role -> {
              String state = role.getValue().path("state").asText();
              if (!state.equals("ready")) {
                parts.add(role.getKey() + " " + state + reason(role.getValue()));
              }
            });
    return String.join("; ", parts);
  }

  private static String reason(JsonNode role) {
    String reason = role.path("reason").asText();
    return reason.isEmpty() ? "" : " (" + reason + ")";
  }
}
