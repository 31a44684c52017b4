package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.testing.SparkProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program in cluster mode on a whole node, with the configuration that the launcher writes. */
class DriverOnWorkerTest {
  private static final String TOKEN = "the-api-token-0123456789";
  private static final String CLUSTER_SECRET = "the-cluster-secret-0123456789";
  private static final String PROGRAM = "io.sparkappliance.spark.PatientProgram";

  @TempDir private Path directory;
  @TempDir private Path marks;

  @Test
  void a_driver_has_what_its_worker_s_node_knows_and_no_secret_on_its_command_line()
      throws Exception {
    Path jar = directory.resolve("patient.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      String name = PROGRAM.replace('.', '/') + ".class";
      zip.putNextEntry(new ZipEntry(name));
      Files.copy(Path.of("target/test-classes").resolve(name), zip);
      zip.closeEntry();
    }
    writeStartScript();
    int gateway = SparkProcess.freePort();
    RealNode node =
        new RealNode(directory)
            .set("START_MASTER", "true")
            .set("START_WORKER", "true")
            .set("START_WEBAPP", "true")
            .set("GATEWAY_PORT", Integer.toString(gateway))
            .set("DRIVER_MEMORY", "512m")
            .set("SPARK_WORKER_CORES", "2")
            .set("SPARK_WORKER_MEMORY", "1200m")
            .set("API_TOKEN", TOKEN)
            .set("SPARK_RPC_AUTHENTICATION_SECRET", CLUSTER_SECRET)
            .start();
    try {
      await()
          .atMost(Duration.ofMinutes(3))
          .until(() -> node.isReady() || !node.process().isAlive());
      assertThat(node.process().isAlive()).as(node.output()).isTrue();
      Files.createFile(marks.resolve("go"));
      String id = submit(gateway, jar);
      JsonNode job =
          await()
              .atMost(Duration.ofMinutes(3))
              .ignoreExceptions()
              .until(() -> job(gateway, id), it -> it.has("finished_at"));
      assertThat(job.path("state").asText())
          .as(job + get(gateway, "/api/v1/jobs/" + id + "/log?stream=log"))
          .isEqualTo("succeeded");
      assertThat(get(gateway, "/api/v1/jobs/" + id + "/log?stream=output"))
          .contains("counted 3; hidden-value on the driver, hidden-value/ on an executor")
          .contains("secret null null")
          .endsWith("ended \u2713\n");
      assertThat(get(gateway, "/api/v1/jobs/" + id + "/log?stream=log"))
          .contains("\"io.sparkappliance.spark.DriverStart\"")
          .doesNotContain(CLUSTER_SECRET)
          .doesNotContain("hidden-value");
    } finally {
      try (Stream<ProcessHandle> tree = node.process().descendants()) {
        List<ProcessHandle> left = tree.toList();
        node.process().destroyForcibly();
        left.forEach(ProcessHandle::destroyForcibly);
      }
    }
  }

  /** With which the launcher starts the gateway. */
  private void writeStartScript() throws IOException {
    Path script = Files.createDirectories(directory.resolve("home/bin")).resolve("spark-appliance");
    Files.writeString(
        script,
        """
        #!/bin/sh
        exec '%s/bin/java' -Xmx256m -cp '%s' io.sparkappliance.Main "$@"
        """
            .formatted(
                System.getProperty("java.home"),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path"))));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private String submit(int gateway, Path jar) throws Exception {
    String spec =
        """
        {"deploy_mode": "cluster", "jar_uri": "local:%s", "main_class": "%s", "arguments": ["%s"],
         "environment": {"APP_KEY": "hidden-value"}}
        """
            .formatted(jar, PROGRAM, marks);
    String body =
        "--b\r\nContent-Disposition: form-data; name=\"spec\"\r\n\r\n" + spec + "\r\n--b--\r\n";
    HttpRequest.Builder request =
        request(gateway, "/api/v1/applications")
            .header("Content-Type", "multipart/form-data; boundary=b")
            .POST(BodyPublishers.ofString(body));
    return new ObjectMapper().readTree(send(request)).path("id").asText();
  }

  private static JsonNode job(int gateway, String id) throws Exception {
    return new ObjectMapper().readTree(get(gateway, "/api/v1/jobs/" + id));
  }

  private static String get(int gateway, String path) throws Exception {
    return send(request(gateway, path));
  }

  private static HttpRequest.Builder request(int gateway, String path) {
    return HttpRequest.newBuilder(URI.create("http://" + RealNode.HOST + ":" + gateway + path))
        .timeout(Duration.ofSeconds(30))
        .header("Authorization", "Bearer " + TOKEN);
  }

  private static String send(HttpRequest.Builder request) throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(request.build(), BodyHandlers.ofString()).body();
    }
  }
}
