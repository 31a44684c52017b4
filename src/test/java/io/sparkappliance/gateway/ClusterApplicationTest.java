package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.SparkProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs with all that can come with them, on a real master with a real worker. */
class ClusterApplicationTest {
  private static final String HOST = "127.0.0.1";

  @TempDir private static Path directory;
  private static SparkProcess master;
  private static SparkProcess worker;
  private static GatewayFixture gateway;

  @BeforeAll
  static void start() throws IOException {
    int port = SparkProcess.freePort();
    int page = SparkProcess.freePort();
    String url = "spark://" + HOST + ":" + port;
    Map<String, String> proxy = Map.of("spark.ui.reverseProxy", "true");
    master =
        SparkProcess.start(
            directory,
            "master",
            proxy,
            "org.apache.spark.deploy.master.Master",
            List.of("--host", HOST, "--port", "" + port, "--webui-port", "" + page));
    worker =
        SparkProcess.start(
            directory,
            "worker",
            proxy,
            "org.apache.spark.deploy.worker.Worker",
            List.of(
                "--host",
                HOST,
                "--port",
                "0",
                "--webui-port",
                "0",
                "--cores",
                "1",
                "--memory",
                "1g",
                url));
    Path conf = Files.createDirectories(directory.resolve("conf"));
    Files.writeString(
        conf.resolve("spark-defaults.conf"),
        """
        spark.master %1$s
        spark.ui.reverseProxy true
        spark.driver.host 127.0.0.1
        spark.driver.memory 512m
        spark.executor.memory 512m
        spark.plugins io.sparkappliance.spark.ApplicationNote
        spark.driver.extraClassPath %2$s
        spark.executor.extraClassPath %2$s
        spark.driver.extraJavaOptions %3$s
        spark.executor.extraJavaOptions %3$s
        """
            .formatted(
                url, Path.of("target/classes").toAbsolutePath(), SparkDistribution.ONE_COMPILER));
    GatewayFixture.Cluster cluster = new GatewayFixture.Cluster();
    cluster.master = Optional.of(HOST);
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            SparkDistribution.home(),
            cluster,
            Map.of("SPARK_CONF_DIR", conf.toString(), "SPARK_MASTER_WEBUI_PORT", "" + page));
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

  private static byte[] archive(String name, String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry(name));
      zip.write(text.getBytes(StandardCharsets.UTF_8));
      zip.closeEntry();
    }
    return bytes.toByteArray();
  }

  private static JsonNode job(String id) throws IOException {
    return json(gateway.get("/api/v1/jobs/" + id));
  }

  private static String log(String id, String stream) throws IOException {
    return gateway.get("/api/v1/jobs/" + id + "/log?stream=" + stream).body();
  }

  private static int status(String address) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create(address)).build(),
              HttpResponse.BodyHandlers.discarding())
          .statusCode();
    }
  }

  @Test
  void modules_files_and_variables_are_there_on_the_driver_and_on_executors() throws Exception {
    Path go = directory.resolve("go");
    String program =
        """
        import os, time, urllib.request, single, zipped, wheel
        from pyspark import SparkFiles
        from pyspark.sql import SparkSession
        context = SparkSession.builder.getOrCreate().sparkContext
        def look(_):
            import single, zipped, wheel
            return [single.NAME, zipped.NAME, wheel.NAME, os.environ["APP_KEY"],
                    open(SparkFiles.get("data.txt")).read()]
        print(look(0), context.parallelize([0], 1).map(look).collect())
        environment = urllib.request.urlopen(context._jsc.sc().uiWebUrl().get()
            + "/api/v1/applications/" + context.applicationId + "/environment").read().decode()
        loader = context._jvm.Thread.currentThread().getContextClassLoader()
        print("spark.executorEnv.APP_KEY" in environment, "hidden-value" in environment,
            loader.getResource("marker") is not None, flush=True)
        while not os.path.exists("%s"):
            time.sleep(0.1)
        """
            .formatted(go);
    byte[] module = "NAME = 'a module'".getBytes(StandardCharsets.UTF_8);
    Form form =
        new Form()
            .field("spec", "{\"environment\": {\"APP_KEY\": \"hidden-value\"}}")
            .file("Main program.py", program)
            .file("py_files", "single.py", module)
            .file("py_files", "more.zip", archive("zipped.py", "NAME = 'zipped'"))
            .file("py_files", "w-1.0-py3-none-any.whl", archive("wheel.py", "NAME = 'wheel'"))
            .file("jars", "library.jar", archive("marker", ""))
            .file("files", "data.txt", "data".getBytes(StandardCharsets.UTF_8));
    HttpResponse<String> answer = gateway.post("/api/v1/applications", form);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    String id = json(answer).path("id").asText();
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .until(() -> log(id, "output").lines().count() == 2 || job(id).has("finished_at"));
    String all = "['a module', 'zipped', 'wheel', 'hidden-value', 'data']";
    assertThat(log(id, "output"))
        .as(log(id, "log"))
        .isEqualTo(all + " [" + all + "]\nTrue False True\n");
    JsonNode running = job(id);
    assertThat(running.path("spark_application_id").asText()).startsWith("app-");
    assertThat(running.path("spark_ui_url").asText())
        .endsWith("/proxy/" + running.path("spark_application_id").asText() + "/");
    assertThat(status(running.path("spark_ui_url").asText() + "jobs/")).isEqualTo(200);
    assertThat(running.path("ui_url").asText())
        .startsWith("/ui/pages/")
        .endsWith("/proxy/" + running.path("spark_application_id").asText() + "/");
    Files.createFile(go);
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> job(id).has("finished_at"));
    assertThat(job(id).path("state").asText()).isEqualTo("succeeded");
    assertThat(job(id).path("spark_application_id").asText())
        .isEqualTo(running.path("spark_application_id").asText());
    assertThat(job(id).has("ui_url")).isFalse();
    assertThat(job(id).has("spark_ui_url")).isFalse();
    assertThat(log(id, "log")).doesNotContain("hidden-value");
    assertThat(master.log() + worker.log()).doesNotContain("hidden-value");
  }
}
