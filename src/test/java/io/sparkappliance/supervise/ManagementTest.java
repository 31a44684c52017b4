package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Role;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The management endpoint, and the command that asks it. */
class ManagementTest {
  private static final String HOST = "127.0.0.1";
  private static final Instant SINCE = Instant.parse("2026-03-04T05:06:07Z");

  private static final DaemonStatus MASTER =
      new DaemonStatus(
          "master",
          List.of(Role.MASTER),
          State.READY,
          SINCE,
          1,
          Optional.of(Duration.ofMillis(2840)),
          Optional.empty(),
          Optional.of("it ended with exit code 137 (signal 9)"));

  private final HttpClient http = HttpClient.newHttpClient();
  private volatile NodeStatus status;
  private Management management;

  @BeforeEach
  void listen() {
    management = new Management(HOST, 0, () -> status);
  }

  @AfterEach
  void close() {
    management.close();
    http.close();
  }

  @Test
  void aReadyNodeIsHealthyAndReady() throws Exception {
    status = new NodeStatus(NodeStatus.Phase.RUNNING, List.of(MASTER, sql(State.READY)));

    assertAnswer("/healthz", 200, "{\"status\":\"running\"}");
    assertAnswer(
        "/readyz",
        200,
        """
        {"ready": true, "summary": "ready", "roles": {
          "master": {"state": "ready", "since": "2026-03-04T05:06:07Z", "daemon": "master",
            "restarts": 1, "seconds_to_ready": 2.84,
            "last_failure": "it ended with exit code 137 (signal 9)"},
          "thriftserver": {"state": "ready", "since": "2026-03-04T05:06:07Z", "daemon": "sql",
            "restarts": 0},
          "connect": {"state": "ready", "since": "2026-03-04T05:06:07Z", "daemon": "sql",
            "restarts": 0}}}
        """);
    assertThat(ask()).isEqualTo(new HealthCheck(true, "ready"));
  }

  @Test
  void aStartingNodeIsHealthyAndNotReady() throws Exception {
    status =
        new NodeStatus(
            NodeStatus.Phase.STARTING,
            List.of(MASTER, sql(State.STARTING, "port 10000 does not answer")));

    assertAnswer("/healthz", 200, "{\"status\":\"starting\"}");
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(ask())
        .isEqualTo(
            new HealthCheck(
                false,
                "starting: thriftserver starting (port 10000 does not answer);"
                    + " connect starting (port 10000 does not answer)"));
  }

  @Test
  void aNodeThatStillFetchesIsHealthyAndNotReady() throws Exception {
    status = new NodeStatus(NodeStatus.Phase.PREPARING, List.of());

    assertAnswer("/healthz", 200, "{\"status\":\"preparing\"}");
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(ask())
        .isEqualTo(new HealthCheck(false, "preparing: init scripts, configuration, libraries"));
  }

  @Test
  void aNodeIsBrokenWhileADaemonHasDiedOrDoesNotAnswer() throws Exception {
    status =
        new NodeStatus(
            NodeStatus.Phase.STARTING,
            List.of(MASTER, sql(State.BACKING_OFF, "it ended with exit code 1")));
    assertThat(ask())
        .isEqualTo(
            new HealthCheck(
                false,
                "broken: thriftserver backing_off (it ended with exit code 1);"
                    + " connect backing_off (it ended with exit code 1)"));
    status =
        new NodeStatus(
            NodeStatus.Phase.RUNNING,
            List.of(MASTER, sql(State.UNREADY, "port 10000 does not answer")));
    assertThat(ask().message()).startsWith("broken: thriftserver unready");
  }

  @Test
  void aNodeThatGaveUpIsBroken() throws Exception {
    status =
        new NodeStatus(
            NodeStatus.Phase.FAILED,
            List.of(MASTER, sql(State.FAILED, "it ended with exit code 1")));

    assertAnswer(
        "/healthz", 503, "{\"status\":\"failed\",\"reason\":\"sql: it ended with exit code 1\"}");
    assertThat(ask()).isEqualTo(new HealthCheck(false, "broken: sql: it ended with exit code 1"));
  }

  @Test
  void whereNobodyListensTheCheckSaysSo() {
    int port = management.port();
    management.close();

    assertThat(HealthCheck.of(HOST, port))
        .isEqualTo(new HealthCheck(false, "no node answers on http://127.0.0.1:" + port));
  }

  @Test
  void metricsAreInPrometheusFormat() throws Exception {
    status = new NodeStatus(NodeStatus.Phase.STARTING, List.of(MASTER));

    HttpResponse<String> answer = get("/metrics");
    assertThat(answer.headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(answer.body())
        .isEqualTo(
            """
            # HELP spark_appliance_role_state Whether the role is in this state (1) or not (0).
            # TYPE spark_appliance_role_state gauge
            spark_appliance_role_state{role="master",state="waiting"} 0
            spark_appliance_role_state{role="master",state="standby"} 0
            spark_appliance_role_state{role="master",state="starting"} 0
            spark_appliance_role_state{role="master",state="ready"} 1
            spark_appliance_role_state{role="master",state="unready"} 0
            spark_appliance_role_state{role="master",state="backing_off"} 0
            spark_appliance_role_state{role="master",state="revoked"} 0
            spark_appliance_role_state{role="master",state="stopping"} 0
            spark_appliance_role_state{role="master",state="stopped"} 0
            spark_appliance_role_state{role="master",state="retired"} 0
            spark_appliance_role_state{role="master",state="failed"} 0
            # HELP spark_appliance_role_restarts_total Starts of the role's process after the first.
            # TYPE spark_appliance_role_restarts_total counter
            spark_appliance_role_restarts_total{role="master"} 1
            # HELP spark_appliance_role_seconds_to_ready Seconds the last start took to be ready.
            # TYPE spark_appliance_role_seconds_to_ready gauge
            spark_appliance_role_seconds_to_ready{role="master"} 2.84
            """);
  }

  @Test
  void nothingElseIsThere() throws Exception {
    status = new NodeStatus(NodeStatus.Phase.RUNNING, List.of(MASTER));

    assertAnswer("/", 404, "{\"error\":\"there are /healthz, /readyz and /metrics\"}");
    assertThat(send("HEAD", "/readyz").statusCode()).isEqualTo(200);
    assertThat(send("POST", "/readyz").statusCode()).isEqualTo(405);
    assertThat(send("POST", "/readyz").headers().firstValue("Allow")).contains("GET, HEAD");
  }

  @Test
  void aPortInUseIsAConfigurationProblem() {
    assertThatThrownBy(() -> new Management(HOST, management.port(), () -> status).close())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("MANAGEMENT_PORT")
        .hasMessageContaining("Address already in use");
  }

  private static DaemonStatus sql(State state, String... reason) {
    return new DaemonStatus(
        "sql",
        List.of(Role.THRIFTSERVER, Role.CONNECT),
        state,
        SINCE,
        0,
        Optional.empty(),
        List.of(reason).stream().findFirst(),
        Optional.empty());
  }

  private HealthCheck ask() {
    return HealthCheck.of(HOST, management.port());
  }

  private void assertAnswer(String path, int code, String json) throws Exception {
    HttpResponse<String> answer = get(path);
    assertThat(answer.statusCode()).isEqualTo(code);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
    ObjectMapper mapper = new ObjectMapper();
    assertThat(mapper.readTree(answer.body())).isEqualTo(mapper.readTree(json));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send("GET", path);
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    URI address = URI.create("http://" + HOST + ":" + management.port() + path);
    return http.send(
        HttpRequest.newBuilder(address).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }
}
