package io.sparkappliance.image;

import static io.sparkappliance.image.GatewaysLab.DEADLINE;
import static io.sparkappliance.image.GatewaysLab.awaitState;
import static io.sparkappliance.image.GatewaysLab.json;
import static io.sparkappliance.image.GatewaysLab.submit;
import static io.sparkappliance.image.GatewaysLab.waits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Two gateways whose jobs' folder is in S3, which they reach with an instance role's credentials
 * that soon are others. They start at once, and nothing of them is there before.
 */
@ExtendWith(LabExtension.class)
@Tag("long")
final class GatewaysInS3IT {
  private static final String FOLDER = "s3a://jobs/of/teams";

  private static GatewaysLab lab;
  private static Container cluster;
  private static Cloud cloud;
  private static Container firstNode;
  private static GatewayClient first;
  private static GatewayClient second;

  @BeforeAll
  static void start() {
    lab = new GatewaysLab("gateways-in-s3");
    Container server = S3Server.start(lab.network(), "s3mock", "jobs");
    try (S3Client s3 = S3Server.client(server, AwsBasicCredentials.create("any", "any"))) {
      s3.putObject(
          request -> request.bucket("jobs").key("jars/patient.jar"),
          RequestBody.fromBytes(DriverOnWorker.jar()));
    }
    cloud = Cloud.start(lab.network(), 20, "s3mock", S3Server.PORT);
    cluster = withS3(lab.cluster()).start("cluster");
    lab.startDatabase();
    firstNode = gateway("first", FOLDER).publish(8000).start("first");
    Container secondNode = gateway("second", FOLDER).publish(8000).start("second");
    cluster.awaitReady(DEADLINE);
    first = lab.awaitReady(firstNode);
    second = lab.awaitReady(secondNode);
  }

  @AfterAll
  static void remove() {
    Lab.removeContainersOf(lab.network());
  }

  private static Container.Plan gateway(String name, String folder) {
    return withS3(lab.gateway(name, folder));
  }

  private static Container.Plan withS3(Container.Plan plan) {
    return plan.instanceMetadata(Cloud.METADATA)
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ENDPOINT_URL_S3", Cloud.S3)
        .env("SPARK_CONF_spark_hadoop_fs_s3a_endpoint", Cloud.S3)
        .env("SPARK_CONF_spark_hadoop_fs_s3a_path_style_access", "true");
  }

  @Test
  void theJobsOfAGatewayThatWasKilledAreReadAndGoOnAtTheOther() throws Exception {
    String query =
        json(
                first.postJson(
                    "/api/v1/queries?wait=120",
                    "{\"sql\": \"select id from range(0, 500, 1, 1)\"}"),
                200)
            .path("id")
            .asText();
    String results = "/api/v1/jobs/" + query + "/results?format=csv";
    String rows = first.get(results).text();
    assertThat(rows).hasLineCount(501);
    assertThat(second.get(results).text()).isEqualTo(rows);

    String program = submit(first, "killed", waits());
    await("its output at the other gateway, while it runs")
        .atMost(DEADLINE)
        .until(() -> second.get("/api/v1/jobs/" + program + "/log").text().contains("begun 10"));
    String waiting = submit(first, "waiting", "print('ran')\n");
    firstNode.kill();
    assertThat(awaitState(second, waiting, "succeeded").path("node").asText()).isEqualTo("second");
    assertThat(second.get("/get_job_output/" + waiting).text()).isEqualTo("ran\n");
    assertThat(awaitState(second, program, "lost").path("reason").asText())
        .isEqualTo("interrupted: the gateway of node first is gone");
    assertThat(second.get("/api/v1/jobs/" + program + "/log").text()).contains("begun 10");

    int before = cloud.state().path("generations").asInt();
    await("the credentials are others")
        .atMost(DEADLINE)
        .pollInterval(Duration.ofSeconds(2))
        .until(
            () -> {
              assertThat(second.get(results).text()).isEqualTo(rows);
              return cloud.state().path("generations").asInt() > before + 1;
            });
    assertThat(cloud.state().path("refused")).as("requests with expired credentials").isEmpty();

    firstNode.startAgain();
    first = lab.awaitReady(firstNode);
    assertThat(first.get("/get_job_output/" + waiting).text()).isEqualTo("ran\n");
  }

  @Test
  void workersFetchTheJarOfADriverFromS3() {
    DriverOnWorker driver =
        DriverOnWorker.submit(second, "s3a://jobs/jars/patient.jar", List.of(cluster));
    driver.awaitCounted(second);
    driver.end(second);
    assertThat(driver.begun()).isEqualTo(1);
  }

  @Test
  void aBucketThatIsNotThereIsRefused() {
    Docker.Output end = gateway("third", "s3a://nobodys/jobs").runToEnd(Duration.ofMinutes(1));
    assertThat(end.exitCode()).as(end.all()).isEqualTo(78);
    assertThat(end.all())
        .contains("JOBS_DIR=s3a://nobodys/jobs")
        .doesNotContain("hive-secret")
        .doesNotContain("\tat ");
  }

  @Test
  void anotherFolderThanThatOfTheOthersIsRefused() {
    Docker.Output end = gateway("fourth", "s3a://jobs/elsewhere").runToEnd(Duration.ofMinutes(1));
    assertThat(end.exitCode()).as(end.all()).isEqualTo(78);
    assertThat(end.all())
        .contains("is not the folder that the other gateways of JOBS_DATABASE use")
        .doesNotContain("hive-secret");
  }
}
