package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.RunningGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.SparkProcess;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Programs whose drivers run on a worker: a real master and a real worker that know each other by a
 * secret, and a gateway as a process that may be killed.
 */
class ClusterModeTest {
  private static final String HOST = "127.0.0.1";
  private static final String CLUSTER_SECRET = "secret-of-the-cluster";
  private static final String PROGRAM = "io.sparkappliance.spark.PatientProgram";

  @TempDir private static Path directory;
  private static SparkProcess master;
  private static SparkProcess worker;
  private static RunningGateway gateway;
  private static Path jar;

  @TempDir private Path marks;

  @BeforeAll
  static void start() throws IOException {
    int port = SparkProcess.freePort();
    int page = SparkProcess.freePort();
    String url = "spark://" + HOST + ":" + port;
    String secret =
        """
        spark.authenticate true
        spark.authenticate.secret %s
        spark.ui.reverseProxy true
        spark.ui.killEnabled false
        spark.master.rest.enabled false
        """
            .formatted(CLUSTER_SECRET);
    write("master", secret);
    // What the program needs of the node where its driver runs is known there only.
    write(
        "worker",
        secret
            + """
            spark.driver.host 127.0.0.1
            spark.executor.memory 512m
            spark.plugins io.sparkappliance.spark.SecretGuard,io.sparkappliance.spark.ApplicationNote
            spark.executor.extraClassPath %s
            spark.executor.extraJavaOptions %s
            """
                .formatted(classes(), SparkDistribution.ONE_COMPILER));
    write(
        "gateway-conf",
        secret
            + """
            spark.master %s
            spark.driver.memory 512m
            spark.driver.extraClassPath %s
            spark.driver.extraJavaOptions %s
            """
                .formatted(url, classes(), SparkDistribution.ONE_COMPILER));
    master =
        SparkProcess.start(
            directory,
            "master",
            Map.of(),
            "org.apache.spark.deploy.master.Master",
            List.of("--host", HOST, "--port", "" + port, "--webui-port", "" + page));
    worker =
        SparkProcess.start(
            directory,
            "worker",
            Map.of(),
            "org.apache.spark.deploy.worker.Worker",
            List.of(
                "--host",
                HOST,
                "--port",
                "0",
                "--webui-port",
                "0",
                "--cores",
                "2",
                "--memory",
                "1g",
                "--work-dir",
                directory.resolve("work").toString(),
                url));
    jar = directory.resolve("patient.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      String name = PROGRAM.replace('.', '/') + ".class";
      zip.putNextEntry(new ZipEntry(name));
      Files.copy(Path.of("target/test-classes").resolve(name), zip);
      zip.closeEntry();
    }
    gateway =
        new RunningGateway(
            directory.resolve("gateway"),
            SparkDistribution.home(),
            Map.of(
                "SPARK_CONF_DIR",
                directory.resolve("gateway-conf").toString(),
                "MASTER_STACK_NAME",
                url,
                "SPARK_MASTER_WEBUI_PORT",
                "" + page,
                "SPARK_LOCAL_IP",
                HOST));
  }

  private static void write(String folder, String defaults) throws IOException {
    Files.writeString(
        Files.createDirectories(directory.resolve(folder)).resolve("spark-defaults.conf"),
        defaults);
  }

  private static Path classes() {
    return Path.of("target/classes").toAbsolutePath();
  }

  @AfterAll
  static void stop() {
    for (AutoCloseable one : new AutoCloseable[] {gateway, worker, master}) {
      try {
        if (one != null) {
          one.close();
        }
      } catch (Exception trouble) {
        throw new AssertionError(trouble);
      }
    }
  }

  private static ConditionFactory await(String id) {
    return Awaitility.await("job " + id + ", files in " + directory)
        .atMost(Duration.ofMinutes(4))
        .pollInterval(Duration.ofMillis(300))
        .ignoreExceptions();
  }

  private String submit(ObjectNode more) throws IOException {
    ObjectNode spec = new ObjectMapper().createObjectNode();
    spec.put("deploy_mode", "cluster").put("jar_uri", "local:" + jar).put("main_class", PROGRAM);
    spec.putArray("arguments").add(marks.toString()).add("two words");
    spec.setAll(more);
    Form form = new Form().field("spec", spec.toString());
    JsonNode job = json(gateway.send(form.in(gateway.request("/api/v1/applications"))));
    return job.path("id").asText();
  }

  private static ObjectNode nothing() {
    return new ObjectMapper().createObjectNode();
  }

  private static String log(String id, String stream) throws IOException {
    return gateway.get("/api/v1/jobs/" + id + "/log?stream=" + stream).body();
  }

  private static void awaitOutput(String id, String part) throws IOException {
    await(id).until(() -> log(id, "output").contains(part) || gateway.job(id).has("finished_at"));
    assertThat(log(id, "output")).as(gateway.job(id) + log(id, "log")).contains(part);
  }

  private static JsonNode awaitEnd(String id) {
    return await(id).until(() -> gateway.job(id), job -> job.has("finished_at"));
  }

  private long begun() throws IOException {
    try (Stream<Path> files = Files.list(marks)) {
      return files.filter(file -> file.getFileName().toString().startsWith("begun-")).count();
    }
  }

  private static List<String> commandLines() {
    return ProcessHandle.allProcesses()
        .map(process -> Path.of("/proc", Long.toString(process.pid()), "cmdline"))
        .map(
            file -> {
              try {
                return Files.readString(file);
              } catch (IOException ended) {
                return "";
              }
            })
        .toList();
  }

  @Test
  void a_jar_runs_on_a_worker_and_is_seen_and_logged_like_any_program() throws Exception {
    ObjectNode more = nothing().put("name", "patience");
    more.putObject("environment").put("APP_KEY", "hidden-value");
    more.putObject("settings").put("spark.hadoop.fs.s3a.secret.key", "hidden-setting");
    String id = submit(more);
    awaitOutput(id, "counted");
    JsonNode running = gateway.job(id);
    assertThat(running.path("state").asText()).isEqualTo("running");
    assertThat(running.path("driver_id").asText()).startsWith("driver-");
    assertThat(log(id, "output"))
        .isEqualTo(
            """
            began with [two words]
            counted 3; hidden-value on the driver, hidden-value/ on an executor; secret null null; setting hidden-setting
            """);
    assertThat(log(id, "log"))
        .contains("driver " + running.path("driver_id").asText() + " runs on worker-")
        .contains("a line of the log");
    List<String> drivers =
        commandLines().stream().filter(line -> line.contains(id + ", attempt 1]")).toList();
    assertThat(drivers).hasSize(1);
    assertThat(commandLines())
        .noneMatch(line -> line.contains(CLUSTER_SECRET))
        .noneMatch(line -> line.contains("hidden-value"))
        .noneMatch(line -> line.contains("hidden-setting"));
    String application =
        await(id)
            .until(
                () -> gateway.job(id).path("spark_application_id").asText(),
                told -> told.startsWith("app-"));
    assertThat(gateway.job(id).path("spark_ui_url").asText())
        .endsWith("/proxy/" + application + "/");
    Files.createFile(marks.resolve("go"));
    JsonNode job = awaitEnd(id);
    assertThat(job.path("state").asText()).as(log(id, "log")).isEqualTo("succeeded");
    assertThat(job.path("spark_application_id").asText()).isEqualTo(application);
    assertThat(log(id, "output")).endsWith("hidden-setting\nended \u2713\n");
    assertThat(log(id, "log") + master.log() + worker.log())
        .doesNotContain(CLUSTER_SECRET)
        .doesNotContain("hidden-value")
        .doesNotContain("hidden-setting");
    assertThat(begun()).isEqualTo(1);
  }

  @Test
  void who_cancels_it_ends_the_driver() throws Exception {
    String id = submit(nothing());
    awaitOutput(id, "began");
    gateway.send(
        gateway
            .request("/api/v1/jobs/" + id + "/cancel")
            .POST(HttpRequest.BodyPublishers.noBody()));
    assertThat(awaitEnd(id).path("state").asText()).isEqualTo("cancelled");
    assertThat(commandLines()).noneMatch(line -> line.contains(id + ", attempt"));
  }

  @Test
  void a_driver_takes_something_of_its_worker() throws Exception {
    ObjectNode less = nothing();
    less.withObject("/settings").put("spark.driver.cores", "-64");
    JsonNode job = awaitEnd(submit(less));
    assertThat(job.path("state").asText()).isEqualTo("failed");
    assertThat(job.path("reason").asText())
        .contains("spark.driver.cores has to be at least 1, and is -64");
  }

  @Test
  void it_goes_on_while_its_gateway_is_stopped_or_killed() throws Exception {
    String id = submit(nothing());
    awaitOutput(id, "began");
    gateway.close();
    gateway.start();
    assertThat(gateway.job(id).path("state").asText()).isEqualTo("running");
    awaitOutput(id, "counted");
    gateway.kill();
    Files.createFile(marks.resolve("go"));
    gateway.start();
    JsonNode job = awaitEnd(id);
    assertThat(job.path("state").asText()).as(log(id, "log")).isEqualTo("succeeded");
    assertThat(job.path("attempt").asInt()).isEqualTo(1);
    assertThat(log(id, "output").lines().map(line -> line.split(" ", 2)[0]))
        .containsExactly("began", "counted", "ended");
    assertThat(begun()).isEqualTo(1);
  }

  @Test
  @Tag("long")
  void a_supervised_driver_is_brought_back_by_spark() throws Exception {
    String id = submit(nothing().put("supervise", true));
    awaitOutput(id, "counted");
    Files.createFile(marks.resolve("fail"));
    awaitOutput(id, "fails");
    await(id).until(() -> begun() == 2);
    assertThat(gateway.job(id).path("state").asText()).isEqualTo("running");
    Files.createFile(marks.resolve("go"));
    JsonNode job = awaitEnd(id);
    assertThat(job.path("state").asText()).as(log(id, "log")).isEqualTo("succeeded");
    assertThat(job.path("attempt").asInt()).isEqualTo(1);
    assertThat(log(id, "output")).contains("fails\nbegan with").endsWith("ended \u2713\n");
  }

  @Test
  @Tag("long")
  void what_fails_is_begun_again_as_often_as_its_owner_says() throws Exception {
    ObjectNode missing = nothing().put("jar_uri", "local:/not/there.jar").put("max_attempts", 2);
    JsonNode unread = awaitEnd(submit(missing));
    assertThat(unread.path("state").asText()).isEqualTo("failed");
    assertThat(unread.path("attempt").asInt()).isEqualTo(1);
    assertThat(unread.path("reason").asText()).contains("could not go on: ").contains("there.jar");
    ObjectNode wrong = nothing().put("main_class", "org.example.Missing").put("max_attempts", 2);
    String id = submit(wrong);
    JsonNode job = awaitEnd(id);
    assertThat(job.path("state").asText()).isEqualTo("failed");
    assertThat(job.path("attempt").asInt()).isEqualTo(2);
    assertThat(job.path("reason").asText()).contains("the program failed in driver driver-");
    assertThat(log(id, "log")).contains("ClassNotFoundException");
  }
}
