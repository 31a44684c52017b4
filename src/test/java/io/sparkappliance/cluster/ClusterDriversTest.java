package io.sparkappliance.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.cluster.ClusterDrivers.Driver;
import io.sparkappliance.cluster.ClusterDrivers.LogText;
import io.sparkappliance.cluster.ClusterDrivers.Worker;
import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpClient;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What masters and workers tell of drivers, as Spark 4.2 writes it. */
class ClusterDriversTest {
  @Test
  void a_leading_master_tells_of_drivers_that_wait_run_or_are_over() {
    String page =
        """
        {"url": "spark://10.0.0.1:7077", "status": "ALIVE",
         "workers": [{"id": "worker-1", "host": "10.0.0.2", "port": 7078,
                      "webuiaddress": "http://public.example:8081", "state": "ALIVE"}],
         "activedrivers": [
           {"id": "driver-1", "starttime": "1", "state": "SUBMITTED", "cores": 2, "memory": 512,
            "resources": [], "submitdate": "now", "worker": "None", "mainclass": "a.B [job 1]"},
           {"id": "driver-2", "state": "RUNNING", "cores": 1, "memory": 1024, "worker": "worker-1",
            "mainclass": "a.C"}],
         "completeddrivers": [
           {"id": "driver-0", "state": "FAILED", "cores": 1, "memory": 1024, "worker": "worker-0",
            "mainclass": "a.D"}]}
        """;
    assertThat(ClusterDrivers.parse(page).orElseThrow())
        .containsExactly(
            new Driver("driver-1", "SUBMITTED", "a.B [job 1]", 2, 512, Optional.empty()),
            new Driver(
                "driver-2",
                "RUNNING",
                "a.C",
                1,
                1024,
                Optional.of(
                    new Worker("worker-1", Optional.of(new HostAndPort("10.0.0.2", 8081))))),
            new Driver(
                "driver-0",
                "FAILED",
                "a.D",
                1,
                1024,
                Optional.of(new Worker("worker-0", Optional.empty()))));
  }

  /** What a host does that freezes, or loses its network, in the middle of an answer. */
  @Test
  @Timeout(60)
  void an_answer_that_stops_half_way_is_none() throws Exception {
    try (ServerSocket master = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        HttpClient http = HttpClient.newHttpClient()) {
      CompletableFuture<Socket> asked =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  Socket client = master.accept();
                  client
                      .getOutputStream()
                      .write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".getBytes(UTF_8));
                  return client;
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      HostAndPort page = new HostAndPort("127.0.0.1", master.getLocalPort());
      assertThat(new ClusterDrivers(http).of(page)).isEmpty();
      asked.join().close();
    }
  }

  @Test
  void who_does_not_lead_tells_nothing() {
    assertThat(ClusterDrivers.parse("{\"status\": \"STANDBY\"}")).isEmpty();
    assertThat(ClusterDrivers.parse("{\"status\": \"RECOVERING\", \"activedrivers\": []}"))
        .isEmpty();
    assertThat(ClusterDrivers.parse("<html>")).isEmpty();
    assertThat(ClusterDrivers.parse("{\"status\": \"ALIVE\"}"))
        .hasValueSatisfying(drivers -> assertThat(drivers).isEmpty());
  }

  @Test
  void a_part_of_a_log_says_which_it_is() {
    assertThat(ClusterDrivers.part("==== Bytes 3-8 of 20 of /work/driver-1/stdout ====\n\nline"))
        .contains(new LogText(3, 8, "\nline"));
    assertThat(ClusterDrivers.part("==== Bytes 20-20 of 20 of /work/driver-1/stdout ====\n"))
        .contains(new LogText(20, 20, ""));
    assertThat(
            ClusterDrivers.part(
                "==== Bytes 0-0 of 0 of /work/driver-1/stdout ====\nError: invalid log directory"))
        .contains(new LogText(0, 0, ""));
    assertThat(ClusterDrivers.part("<html>not found</html>")).isEmpty();
    assertThat(ClusterDrivers.part("")).isEmpty();
  }
}
