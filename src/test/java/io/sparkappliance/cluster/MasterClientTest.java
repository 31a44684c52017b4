package io.sparkappliance.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MasterClientTest {
  /** As Spark 4.2.0 answers, shortened. */
  private static final String ALIVE =
      """
      {"url":"spark://127.0.0.1:7077",
       "workers":[{"id":"worker-1","host":"127.0.0.1","port":7078,"cores":2,"coresused":1,
                   "memory":1024,"memoryused":512,"state":"ALIVE"}],
       "activeapps":[{"id":"app-1","name":"sql","cores":1,"state":"RUNNING",
                      "user":"spark","starttime":1769860800000}],
       "status":"ALIVE"}
      """;

  private HttpServer server;
  private volatile String body = ALIVE;
  private final MasterClient client = new MasterClient(HttpClient.newHttpClient());

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/json/",
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private int port() {
    return server.getAddress().getPort();
  }

  private StaticClusterView view() {
    return new StaticClusterView(
        () -> List.of(new HostAndPort("127.0.0.1", 7077), new HostAndPort("localhost", 7077)),
        port(),
        () -> List.of(new HostAndPort("127.0.0.1", 1), new HostAndPort("127.0.0.1", port())),
        List::of,
        client);
  }

  @Test
  void reads_workers_and_applications() {
    MasterStatus status = client.status(new HostAndPort("127.0.0.1", port())).orElseThrow();
    assertThat(status.state()).isEqualTo(MasterStatus.State.ALIVE);
    assertThat(status.workers())
        .containsExactly(
            new MasterStatus.Worker("worker-1", "127.0.0.1", 7078, "ALIVE", 2, 1, 1024, 512));
    assertThat(status.applications())
        .containsExactly(
            new MasterStatus.Application(
                "app-1", "sql", 1, "RUNNING", "spark", Instant.parse("2026-01-31T12:00:00Z")));
  }

  @Test
  void a_survey_tells_who_leads_and_who_does_not_answer() {
    ClusterSurvey survey =
        new ClusterSurvey(
            () -> List.of(new HostAndPort("127.0.0.2", 7077), new HostAndPort("127.0.0.1", 7077)),
            port(),
            client);
    ClusterState state = survey.now();
    assertThat(state.masters())
        .containsExactly(
            new ClusterState.Master("127.0.0.2", Optional.empty()),
            new ClusterState.Master("127.0.0.1", Optional.of(MasterStatus.State.ALIVE)));
    assertThat(state.leading().orElseThrow().workers()).hasSize(1);
    body = "gone";
    assertThat(survey.now()).as("within two seconds").isSameAs(state);
  }

  @Test
  void something_else_on_the_port_is_no_master() {
    body = "<html>hello</html>";
    assertThat(client.status(new HostAndPort("127.0.0.1", port()))).isEmpty();
    body = "{\"status\":\"FINE\"}";
    assertThat(client.status(new HostAndPort("127.0.0.1", port()))).isEmpty();
  }

  @Test
  void nobody_on_the_port_is_no_master() {
    assertThat(client.status(new HostAndPort("127.0.0.1", 1))).isEmpty();
  }

  @Test
  void the_view_names_the_master_that_leads_and_sorts_the_list() {
    assertThat(view().aliveMasterAddress()).contains("127.0.0.1");
    assertThat(view().masterUri()).contains("spark://127.0.0.1:7077,localhost:7077");
    body = ALIVE.replace("\"status\":\"ALIVE\"", "\"status\":\"STANDBY\"");
    assertThat(view().aliveMasterAddress()).isEmpty();
    assertThat(view().masterUri()).isPresent();
  }

  @Test
  void the_view_finds_the_first_thrift_server_that_listens() {
    assertThat(view().thriftServer()).contains(new HostAndPort("127.0.0.1", port()));
  }

  @Test
  void without_masters_there_is_nothing_to_tell() {
    var view = new StaticClusterView(List::of, port(), List::of, List::of, client);
    assertThat(view.aliveMasterAddress()).isEmpty();
    assertThat(view.masterUri()).isEmpty();
    assertThat(view.thriftServer()).isEmpty();
  }
}
