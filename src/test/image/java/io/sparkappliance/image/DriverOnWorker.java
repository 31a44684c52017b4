package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A job whose driver runs on a worker: it counts with an executor, and then runs until it is
 * {@linkplain #end told}.
 */
final class DriverOnWorker {
  private static final String PROGRAM = "io.sparkappliance.spark.PatientProgram";
  private static final String MARKS = "/tmp/marks-of-programs";

  private final String id;
  private final List<Container> workers;

  private DriverOnWorker(String id, List<Container> workers) {
    this.id = id;
    this.workers = workers;
  }

  /** Its program. */
  static byte[] jar() {
    String name = PROGRAM.replace('.', '/') + ".class";
    try {
      return Artifacts.zip(
          Map.of(name, Files.readAllBytes(Path.of("target/test-classes").resolve(name))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Submits it.
   *
   * @param jar where workers find it
   * @param workers on which it may run
   */
  static DriverOnWorker submit(GatewayClient gateway, String jar, List<Container> workers) {
    // Where an instance's metadata is there for it, a container's shell is that of another user.
    workers.forEach(worker -> worker.shell("mkdir -p -m 0777 " + MARKS));
    String spec =
        """
        {"deploy_mode": "cluster", "jar_uri": "%s", "main_class": "%s", "arguments": ["%s"]}"""
            .formatted(jar, PROGRAM, MARKS);
    Http.Answer answer = gateway.post("/api/v1/applications", new Multipart().field("spec", spec));
    return new DriverOnWorker(GatewaysLab.json(answer, 202).path("id").asText(), workers);
  }

  JsonNode job(GatewayClient gateway) {
    return GatewaysLab.json(gateway.get("/api/v1/jobs/" + id), 200);
  }

  String output(GatewayClient gateway) {
    return gateway.get("/api/v1/jobs/" + id + "/log?stream=output").text();
  }

  /** Waits until it has counted; the job, which knows its driver and its application then. */
  JsonNode awaitCounted(GatewayClient gateway) {
    await("output of job " + id)
        .atMost(GatewaysLab.DEADLINE)
        .until(() -> output(gateway).contains("counted 3;") || job(gateway).has("finished_at"));
    assertThat(output(gateway))
        .as(
            () ->
                job(gateway) + "\n" + gateway.get("/api/v1/jobs/" + id + "/log?stream=log").text())
        .contains("counted 3;");
    return await("the application of job " + id)
        .atMost(GatewaysLab.DEADLINE)
        .until(() -> job(gateway), job -> job.has("spark_application_id"));
  }

  /** Tells it to end, and waits until it has ended well; the job. */
  JsonNode end(GatewayClient gateway) {
    workers.forEach(worker -> worker.shell("touch " + MARKS + "/go"));
    JsonNode end = GatewaysLab.awaitState(gateway, id, "succeeded");
    assertThat(output(gateway)).endsWith("ended \u2713\n");
    return end;
  }

  /** How often its program has begun. */
  long begun() {
    return workers.stream()
        .mapToLong(
            worker ->
                worker.shell("ls " + MARKS).lines().filter(f -> f.startsWith("begun-")).count())
        .sum();
  }
}
