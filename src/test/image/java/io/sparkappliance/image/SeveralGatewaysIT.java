package io.sparkappliance.image;

import static io.sparkappliance.image.GatewaysLab.DEADLINE;
import static io.sparkappliance.image.GatewaysLab.awaitState;
import static io.sparkappliance.image.GatewaysLab.json;
import static io.sparkappliance.image.GatewaysLab.submit;
import static io.sparkappliance.image.GatewaysLab.waits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two gateways with one PostgreSQL database and one folder, in front of one cluster. */
@ExtendWith(LabExtension.class)
final class SeveralGatewaysIT {
  private static GatewaysLab lab;
  private static Path shared;
  private static Container firstNode;
  private static GatewayClient first;
  private static GatewayClient second;

  @BeforeAll
  static void start() throws IOException {
    lab = new GatewaysLab("gateways");
    shared = Lab.directory("jobs-of-" + lab.network());
    // Whoever the containers run as.
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
    Container cluster = lab.cluster().start("cluster");
    lab.startDatabase();
    firstNode = gateway("first", "/jobs").publish(8000).start("first");
    Container secondNode = gateway("second", "/jobs").publish(8000).start("second");
    cluster.awaitReady(DEADLINE);
    first = lab.awaitReady(firstNode);
    second = lab.awaitReady(secondNode);
  }

  @AfterAll
  static void remove() {
    Lab.removeContainersOf(lab.network());
  }

  private static Container.Plan gateway(String name, String folder) {
    return lab.gateway(name, folder).option("--volume", shared.toAbsolutePath() + ":/jobs");
  }

  @Test
  void anyGatewayAnswersForAnyJob() throws Exception {
    String query =
        json(
                first.postJson(
                    "/api/v1/queries?wait=120",
                    "{\"sql\": \"select id from range(0, 500, 1, 1)\"}"),
                200)
            .path("id")
            .asText();
    String results = "/api/v1/jobs/" + query + "/results?format=csv";
    assertThat(second.get(results).text()).hasLineCount(501).isEqualTo(first.get(results).text());
    assertThat(json(second.get("/api/v1/jobs?kind=sql"), 200).toString()).contains(query);

    String program = submit(first, "shown", waits());
    await("its output at the other gateway, while it runs")
        .atMost(DEADLINE)
        .until(() -> second.get("/api/v1/jobs/" + program + "/log").text().contains("begun 10"));
    assertThat(json(second.postJson("/api/v1/jobs/" + program + "/cancel", "{}"), 202).toString())
        .contains(program);
    awaitState(second, program, "cancelled");
    assertThat(awaitState(first, program, "cancelled").path("node").asText()).isEqualTo("first");
  }

  @Test
  void theJobsOfAGatewayThatWasKilledGoOnAtTheOther() throws Exception {
    String statement =
        json(
                first.postJson(
                    "/api/v1/queries",
                    "{\"sql\": \"select count(*) from range(0, 1000000000000, 1, 2) where sqrt(id) = rand()\"}"),
                202)
            .path("id")
            .asText();
    String program = submit(first, "killed", waits());
    await("it runs")
        .atMost(DEADLINE)
        .until(() -> first.get("/api/v1/jobs/" + program + "/log").text().contains("begun 10"));
    String waiting = submit(first, "waiting", "print('ran')\n");
    awaitState(first, statement, "running");
    assertThat(json(second.get("/api/v1/jobs/" + waiting), 200).path("state").asText())
        .isEqualTo("queued");

    firstNode.kill();
    JsonNode taken = awaitState(second, waiting, "succeeded");
    assertThat(taken.path("node").asText()).isEqualTo("second");
    assertThat(taken.path("attempt").asInt()).isEqualTo(1);
    assertThat(second.get("/get_job_output/" + waiting).text()).isEqualTo("ran\n");
    for (String lost : new String[] {statement, program}) {
      assertThat(awaitState(second, lost, "lost").path("reason").asText())
          .isEqualTo("interrupted: the gateway of node first is gone");
    }

    firstNode.startAgain();
    firstNode.awaitReady(DEADLINE);
    assertThat(json(first.get("/api/v1/jobs/" + waiting), 200)).isEqualTo(taken);
  }

  @Test
  void aFolderThatIsNotSharedIsRefused() {
    Docker.Output end =
        gateway("third", "/var/lib/spark-appliance/own").runToEnd(Duration.ofMinutes(1));
    assertThat(end.exitCode()).as(end.all()).isEqualTo(78);
    assertThat(end.all())
        .contains("JOBS_DIR")
        .contains("is not the folder that the other gateways of JOBS_DATABASE use")
        .doesNotContain("hive-secret");
  }
}
