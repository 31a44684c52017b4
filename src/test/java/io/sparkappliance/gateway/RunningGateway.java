package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.testing.SparkProcess;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;

/** A gateway as a process of its own, which may be killed and started again. */
final class RunningGateway implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(1);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final Path directory;
  private final List<String> command = new ArrayList<>();
  private final Map<String, String> environment = new TreeMap<>();
  private final URI root;
  private Process process;

  /**
   * Starts one.
   *
   * @param directory for its data and its log
   * @param sparkHome the distribution whose spark-submit and JDBC driver it uses
   * @param more variables
   * @param options of its JVM
   */
  RunningGateway(Path directory, Path sparkHome, Map<String, String> more, String... options)
      throws IOException {
    this.directory = Files.createDirectories(directory);
    int port = SparkProcess.freePort();
    root = URI.create("http://127.0.0.1:" + port);
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.add("-Xmx256m");
    command.addAll(List.of(options));
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(GatewayProcess.class.getName());
    environment.put("PATH", "/usr/bin:/bin");
    environment.put("START_WEBAPP", "true");
    environment.put("ADVERTISED_HOST", "127.0.0.1");
    environment.put("AWS_EC2_METADATA_DISABLED", "true");
    environment.put("GATEWAY_PORT", Integer.toString(port));
    environment.put("SPARK_APPLIANCE_DATA", directory.resolve("data").toString());
    environment.put("SPARK_HOME", sparkHome.toString());
    environment.put("API_TOKEN", ThriftServerProcess.TOKEN.reveal());
    environment.putAll(more);
    start();
  }

  /** The variables of gateways that share a database and a folder. */
  static Map<String, String> sharing(Settings.JobsDatabase database, Path folder) {
    return Map.of(
        "JOBS_DATABASE", database.url(),
        "JOBS_DATABASE_USER", database.user(),
        "JOBS_DATABASE_PASSWORD", database.password().orElseThrow().reveal(),
        "JOBS_DIR", folder.toString());
  }

  /** Starts it again, with all that it left on disk. */
  void start() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(directory.resolve("gateway.log").toFile()));
    builder.environment().clear();
    builder.environment().putAll(environment);
    process = builder.start();
    boolean ready = false;
    try {
      Awaitility.await("the gateway's answer, log in " + directory)
          .atMost(START)
          .failFast(() -> !process.isAlive())
          .ignoreExceptions()
          .until(() -> send(request("/healthz")).statusCode() == 200);
      ready = true;
    } finally {
      if (!ready) {
        process.destroyForcibly();
      }
    }
  }

  Process process() {
    return process;
  }

  /** Where its jobs are, unless it shares them. */
  Path jobs() {
    return directory.resolve("data/jobs");
  }

  URI root() {
    return root;
  }

  /** Ends it as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(root.resolve(path))
        .timeout(Duration.ofSeconds(40))
        .header("Authorization", "Bearer " + ThriftServerProcess.TOKEN.reveal());
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException(stopped);
    }
  }

  HttpResponse<String> get(String path) throws IOException {
    return send(request(path));
  }

  /** The JSON of an answer that has to be a good one. */
  static JsonNode json(HttpResponse<String> answer) throws IOException {
    assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 202);
    return JSON.readTree(answer.body());
  }

  /** A job as it is now. */
  JsonNode job(String id) throws IOException {
    return json(get("/api/v1/jobs/" + id));
  }

  /** Submits a script of SQL; its id. */
  String query(String name, String sql) throws IOException {
    String body = JSON.writeValueAsString(Map.of("name", name, "sql", sql));
    return accepted(
        request("/api/v1/queries")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Submits a program; its id. */
  String program(String name, String text) throws IOException {
    String spec = JSON.writeValueAsString(Map.of("name", name));
    GatewayFixture.Form form =
        new GatewayFixture.Form().field("spec", spec).file("program.py", text);
    return accepted(form.in(request("/api/v1/applications")));
  }

  private String accepted(HttpRequest.Builder request) throws IOException {
    HttpResponse<String> answer = send(request);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return json(answer).required("id").asText();
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
