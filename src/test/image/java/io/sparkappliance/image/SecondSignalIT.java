package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A node that prints JSON, and whose application doesn't want to end. */
@ExtendWith(LabExtension.class)
final class SecondSignalIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String STUBBORN =
      """
      import pathlib, signal, time
      signal.signal(signal.SIGTERM, signal.SIG_IGN)
      pathlib.Path("/tmp/begun").touch()
      time.sleep(600)
      """;

  private static Container node;

  @BeforeAll
  static void start() {
    node =
        Container.of(Lab.SLIM)
            .roles("MASTER", "WEBAPP")
            .env("LOG_FORMAT", "json")
            .env("API_AUTH", "none")
            // Who waited for it would not be in time.
            .env("STOP_GRACE_PERIOD", "5m")
            .publish(8000)
            .start("json")
            .awaitReady(SharedNode.START);
  }

  @AfterAll
  static void remove() {
    node.remove();
  }

  @Test
  void killsWhatStillRunsAndEveryLineIsAnObject() {
    GatewayClient gateway = new GatewayClient(node, Optional.empty());
    GatewayClient.jobId(gateway.submit("stubborn.py", STUBBORN.getBytes(UTF_8), Map.of()));
    await("the application runs")
        .atMost(Duration.ofMinutes(1))
        .until(() -> node.exec("test", "-e", "/tmp/begun").exitCode() == 0);

    node.signal("TERM");
    awaitMessage("stopping");
    node.signal("TERM");
    assertThat(node.awaitEnd(Duration.ofMinutes(1))).isEqualTo(143);

    List<JsonNode> lines = node.logs().lines().map(SecondSignalIT::object).toList();
    assertThat(lines)
        .allSatisfy(
            line -> {
              assertThat(line.path("time").asText()).isNotEmpty();
              assertThat(line.path("role").asText()).isNotEmpty();
              assertThat(line.path("message").isTextual()).isTrue();
            });
    assertThat(lines)
        .extracting(line -> line.path("role").asText())
        .contains("appliance", "master", "gateway");
    assertThat(lines)
        .extracting(line -> line.path("message").asText())
        .contains("a second signal: kills what still runs");
  }

  @Test
  void aRefusalIsJsonToo() {
    Docker.Output output =
        Container.of(Lab.SLIM)
            .roles("MASTER")
            .env("LOG_FORMAT", "json")
            .env("GATEWAY_PORT", "70000")
            .runToEnd(Duration.ofMinutes(1));
    assertThat(output.exitCode()).isEqualTo(78);
    assertThat(output.all().lines().map(SecondSignalIT::object))
        .extracting(line -> line.path("message").asText())
        .anySatisfy(message -> assertThat(message).contains("GATEWAY_PORT", "70000"));
  }

  private static void awaitMessage(String message) {
    await(message)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> node.logs().contains('"' + message + '"'));
  }

  private static JsonNode object(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      assertThat(node.isObject()).as(line).isTrue();
      return node;
    } catch (JsonProcessingException notJson) {
      throw new AssertionError(line, notJson);
    }
  }
}
