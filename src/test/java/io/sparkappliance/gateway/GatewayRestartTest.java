package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The gateway as a real process that is killed, stopped and started again. */
@ExtendWith(ThriftServerProcess.Shared.class)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class GatewayRestartTest {
  @TempDir private Path directory;
  private Path sparkHome;

  /** A running gateway and a client for it. */
  private final class Gateway implements AutoCloseable {
    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final URI root;

    Gateway(Map<String, String> more) throws IOException {
      int port = freePort();
      root = URI.create("http://127.0.0.1:" + port);
      ProcessBuilder builder =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin/java").toString(),
                  "-Xmx256m",
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  GatewayProcess.class.getName())
              .redirectErrorStream(true)
              .redirectOutput(
                  ProcessBuilder.Redirect.appendTo(directory.resolve("gateway.log").toFile()));
      builder.environment().clear();
      builder.environment().put("PATH", "/usr/bin:/bin");
      builder.environment().put("START_WEBAPP", "true");
      builder.environment().put("ADVERTISED_HOST", "127.0.0.1");
      builder.environment().put("GATEWAY_PORT", Integer.toString(port));
      builder.environment().put("SPARK_APPLIANCE_DATA", directory.resolve("data").toString());
      builder.environment().put("SPARK_HOME", sparkHome.toString());
      builder.environment().put("API_TOKEN", ThriftServerProcess.TOKEN.reveal());
      builder.environment().putAll(more);
      process = builder.start();
      Awaitility.await("the gateway's answer")
          .atMost(Duration.ofMinutes(1))
          .ignoreExceptions()
          .until(() -> get("/healthz").statusCode() == 200);
    }

    HttpRequest.Builder request(String path) {
      return HttpRequest.newBuilder(root.resolve(path))
          .header("Authorization", "Bearer " + ThriftServerProcess.TOKEN.reveal());
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws Exception {
      return send(request(path));
    }

    String post(String path, Form form) throws Exception {
      HttpResponse<String> answer = send(form.in(request(path)));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      return answer.body();
    }

    int status(String id) throws Exception {
      return get("/get_job_status/" + id).statusCode();
    }

    int awaitEnd(String id) {
      return Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> status(id), code -> code != 200);
    }

    void kill() throws InterruptedException {
      process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
      process.destroy();
      process.onExit().join();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @BeforeEach
  void prepare() throws IOException {
    sparkHome = FakeSpark.create(directory.resolve("spark"));
  }

  private static void awaitFile(Path file) {
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(file));
  }

  @Test
  void a_killed_gateway_comes_back_to_its_running_application() throws Exception {
    Path begun = directory.resolve("begun");
    Path go = directory.resolve("go");
    String program =
        "echo one; touch '" + begun + "'; until [ -e '" + go + "' ]; do sleep 0.1; done; echo two";
    String job;
    try (Gateway first = new Gateway(Map.of())) {
      job = first.post("/submit_application", new Form().file("x.py", program));
      awaitFile(begun);
      first.kill();
    }
    try (Gateway second = new Gateway(Map.of())) {
      assertThat(second.status(job)).isEqualTo(200);
      assertThat(second.get("/get_job_output/" + job).statusCode()).isEqualTo(404);
      Files.createFile(go);
      assertThat(second.awaitEnd(job)).isEqualTo(201);
      assertThat(second.get("/get_job_output/" + job).body()).isEqualTo("one\ntwo\n");
    }
  }

  @Test
  void an_application_that_ended_while_no_gateway_ran_is_reported_as_it_ended() throws Exception {
    Path begun = directory.resolve("begun");
    Path go = directory.resolve("go");
    String job;
    try (Gateway first = new Gateway(Map.of())) {
      job =
          first.post(
              "/submit_application",
              new Form()
                  .file(
                      "x.py",
                      "touch '"
                          + begun
                          + "'; until [ -e '"
                          + go
                          + "' ]; do sleep 0.1; done; exit 9"));
      awaitFile(begun);
      first.kill();
    }
    Files.createFile(go);
    awaitFile(directory.resolve("data/jobs").resolve(job).resolve("exit-code"));
    try (Gateway second = new Gateway(Map.of())) {
      assertThat(second.status(job)).isEqualTo(500);
      assertThat(second.get("/get_job_output/" + job).body())
          .startsWith("Job failed!\n")
          .contains("exit code 9");
    }
  }

  @Test
  void sigterm_ends_what_runs_and_marks_it() throws Exception {
    Path begun = directory.resolve("begun");
    String job;
    try (Gateway first = new Gateway(Map.of())) {
      job =
          first.post(
              "/submit_application",
              new Form()
                  .file(
                      "x.py",
                      "echo $$ > '"
                          + begun
                          + ".new'; mv '"
                          + begun
                          + ".new' '"
                          + begun
                          + "'; exec sleep 600"));
      awaitFile(begun);
      first.process.destroy();
      assertThat(first.process.waitFor()).isEqualTo(143);
    }
    long pid = Long.parseLong(Files.readString(begun).strip());
    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    try (Gateway second = new Gateway(Map.of())) {
      assertThat(second.status(job)).isEqualTo(500);
      assertThat(second.get("/get_job_output/" + job).body())
          .startsWith("Job failed!\nError: interrupted: the gateway was stopped\n");
    }
  }

  @Test
  void a_query_that_was_cut_off_is_interrupted_and_one_that_ended_keeps_its_results(
      ThriftServerProcess thrift) throws Exception {
    sparkHome = SparkDistribution.home();
    Map<String, String> sql = Map.of("THRIFT_SERVER", thrift.address().toString());
    String done;
    String cut;
    try (Gateway first = new Gateway(sql)) {
      done = first.post("/send_query", new Form().file("a.sql", "select 1 as one"));
      assertThat(first.awaitEnd(done)).isEqualTo(201);
      cut =
          first.post(
              "/send_query",
              new Form()
                  .file(
                      "b.sql",
                      "select 1 as one; select count(*) from range(0, 100000000000, 1, 100)"
                          + " where sqrt(id) = rand()"));
      Path results = directory.resolve("data/jobs").resolve(cut).resolve("results.jsonl");
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> Files.exists(results) && Files.size(results) > 0);
      first.kill();
    }
    String table = "+------+\n| one  |\n+------+\n| 1    |\n+------+\n";
    try (Gateway second = new Gateway(sql)) {
      assertThat(second.status(done)).isEqualTo(201);
      assertThat(second.get("/get_job_output/" + done).body()).isEqualTo(table);
      assertThat(second.status(cut)).isEqualTo(500);
      assertThat(second.get("/get_job_output/" + cut).body())
          .isEqualTo("Job failed!\n" + table + "Error: interrupted: the gateway was restarted\n");
    }
  }

  @Test
  void a_port_that_is_taken_ends_the_gateway_with_an_error() throws Exception {
    try (Gateway first = new Gateway(Map.of())) {
      ProcessBuilder builder =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin/java").toString(),
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  GatewayProcess.class.getName())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("second.log").toFile());
      builder.environment().put("START_WEBAPP", "true");
      builder.environment().put("ADVERTISED_HOST", "127.0.0.1");
      builder.environment().put("GATEWAY_PORT", Integer.toString(first.root.getPort()));
      builder.environment().put("SPARK_APPLIANCE_DATA", directory.resolve("other").toString());
      builder.environment().put("SPARK_HOME", sparkHome.toString());
      Process second = builder.start();
      assertThat(second.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(second.exitValue()).isEqualTo(1);
      assertThat(List.of(Files.readString(directory.resolve("second.log"))))
          .anyMatch(log -> log.contains("gateway could not start"));
    }
  }
}
