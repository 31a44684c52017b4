package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What the node says about itself, and Spark's pages seen through the one published port. */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class WebPagesIT {
  private static final List<String> ROLES =
      List.of(
          "master", "worker", "thriftserver", "connect", "historyserver", "gateway", "notebook");
  private static SharedNode node;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
  }

  @Test
  void theHealthCheckTellsStartingFromReady() {
    assertThat(node.firstHealth().exitCode()).as(node.firstHealth().all()).isEqualTo(1);
    assertThat(node.firstHealth().all()).containsAnyOf("no node answers", "preparing", "starting");
    await("healthy")
        .atMost(Duration.ofMinutes(1))
        .until(() -> node.container().health().equals("healthy"));
    Docker.Output health = node.container().exec("spark-appliance", "health");
    assertThat(health.exitCode()).as(health.all()).isZero();
  }

  @Test
  void everyRoleIsReady() {
    Http.Answer ready = Http.get(node.container().http(8090, "/readyz"));
    assertThat(ready.code()).as(ready.text()).isEqualTo(200);
    JsonNode body = SharedNode.json(ready.text());
    for (String role : ROLES) {
      assertThat(body.path("roles").path(role).path("state").asText())
          .as("%s in %s", role, body)
          .isEqualTo("ready");
    }
    assertThat(Http.get(node.container().http(8090, "/healthz")).code()).isEqualTo(200);
  }

  @Test
  void metricsTellStateRestartsAndSecondsOfEveryRole() {
    Http.Answer metrics = Http.get(node.container().http(8090, "/metrics"));
    assertThat(metrics.code()).isEqualTo(200);
    for (String role : ROLES) {
      assertThat(metrics.text().lines())
          .as("lines of %s in%n%s", role, metrics.text())
          .filteredOn(line -> !line.startsWith("#") && line.contains("=\"" + role + "\""))
          .hasSizeGreaterThanOrEqualTo(3);
    }
  }

  @Test
  void sparksOwnMetricsAreServed() {
    Http.Answer master = Http.get(node.container().http(8080, "/metrics/prometheus/"));
    assertThat(master.code()).isEqualTo(200);
    assertThat(master.text()).contains("metrics_master_aliveWorkers");
    for (int port : List.of(8081, 4040)) {
      Docker.Output page =
          node.container()
              .exec(
                  "python3",
                  "-c",
                  "import socket, urllib.request; print(urllib.request.urlopen('http://'"
                      + " + socket.gethostname() + ':%d/metrics/prometheus/').read().decode())"
                          .formatted(port));
      assertThat(page.out()).as("port %d: %s", port, page.err()).contains("metrics_");
    }
  }

  @Test
  void theWorkersPageIsReachedThroughTheMasters() {
    assertThat(follow("worker-")).contains("Spark Worker at");
  }

  @Test
  void aRunningApplicationsPageIsReachedThroughTheMasters() {
    assertThat(follow("app-")).contains("Spark Jobs");
  }

  @Test
  void nobodyCanSubmitOverPort6066() {
    Docker.Output listening =
        node.container().exec("sh", "-c", "grep -c ':17B2 ' /proc/net/tcp /proc/net/tcp6");
    assertThat(listening.out().lines()).hasSize(2).allMatch(line -> line.endsWith(":0"));
  }

  @Test
  void theHistoryServerListsApplications() {
    await("the SQL driver is in the history")
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                Http.get(node.container().http(18080, "/api/v1/applications"))
                    .text()
                    .contains("\"id\""));
  }

  /** Opens the first link of the master's page to a proxied page, as a browser outside does. */
  private static String follow(String kind) {
    URI root = node.container().http(8080, "/");
    String page = Http.get(root).text();
    Matcher link = Pattern.compile("href=\"([^\"]*/proxy/" + kind + "[^\"]*)\"").matcher(page);
    assertThat(link.find()).as("a link to /proxy/%s in%n%s", kind, page).isTrue();
    List<URI> way = new ArrayList<>(List.of(root.resolve(link.group(1))));
    for (int hop = 0; hop < 4; hop++) {
      URI address = way.getLast();
      assertThat(address.getAuthority()).as("the host in %s", way).isEqualTo(root.getAuthority());
      Http.Answer answer = Http.get(address);
      if (answer.code() == 200) {
        return answer.text();
      }
      assertThat(answer.code()).as("%s: %s", way, answer.text()).isBetween(301, 308);
      way.add(address.resolve(answer.response().headers().firstValue("Location").orElseThrow()));
    }
    throw new AssertionError("Too many redirects: " + way);
  }
}
