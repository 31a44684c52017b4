package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A cluster that has no key: its credentials are an instance role's, come from a metadata service
 * of version 2, and are others every 20 seconds. S3 takes none that have expired.
 */
@ExtendWith(LabExtension.class)
final class CloudIT {
  private static final int HISTORY = 18080;
  private static final Duration LONGEST = Duration.ofMinutes(12);

  private static Cloud cloud;
  private static Container node;

  @BeforeAll
  static void start() {
    String network = Lab.network("cloud");
    S3Server.start(network, "s3mock", "data", "logs");
    cloud = Cloud.start(network, 20, "s3mock", S3Server.PORT);
    node =
        Container.of(Lab.SLIM)
            .network(network, "node")
            .roles("MASTER", "WORKER", "HISTORYSERVER")
            .publish(HISTORY)
            .instanceMetadata(Cloud.METADATA)
            .env("AWS_ENDPOINT_URL_S3", Cloud.S3)
            .env("AWS_REGION", "eu-central-1")
            .env("SPARK_CONF_spark_hadoop_fs_s3a_endpoint", Cloud.S3)
            .env("SPARK_CONF_spark_hadoop_fs_s3a_path_style_access", "true")
            .env("EVENT_LOG_DIR", "s3://logs/of/events")
            .env("DRIVER_MEMORY", "1g")
            .env("EXECUTOR_MEMORY", "1g")
            .mount(Path.of("src/test/image/cloud/writes.py"), "/writes.py")
            .mount(Path.of("src/test/image/cloud/refusals.py"), "/refusals.py")
            .start("node");
    node.awaitReady(SharedNode.START);
  }

  /**
   * One of each kind, until the first credentials have expired, while S3 and the role fail for a
   * while in every way.
   */
  @Test
  void everyWayToWriteCommitsByTheMagicCommitter() {
    writes(
        List.of(
            "s3:parquet:append",
            "s3a:csv:overwrite",
            "s3n:orc:dynamic",
            "s3:parquet:dynamic",
            "s3:json:streaming"),
        5,
        true);
    await("the history of it, from S3")
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                Http.get(node.http(HISTORY, "/api/v1/applications?status=completed"))
                    .text()
                    .contains("\"name\" : \"writes\""));
  }

  @Test
  void whatS3RefusesIsSaidAndEndsWithItsCause() {
    Docker.Output output = node.exec(LONGEST, "spark-submit", "/refusals.py", Cloud.METADATA);
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out().lines().filter(line -> line.contains(" -> ")))
        .satisfiesExactly(
            line -> assertThat(line).startsWith("a bucket that is not there").contains("not-there"),
            line -> assertThat(line).startsWith("a bucket of others").contains("forbidden", "403"),
            line -> assertThat(line).startsWith("writing to a").contains("forbidden", "403"),
            line ->
                assertThat(line).startsWith("an expired token").contains("AWSBadRequest", "400"));
    assertThat(output.out()).contains("rows in the end 10");
  }

  @Test
  @Tag("long")
  void theWholeMatrix() {
    writes(
        Stream.of("s3", "s3n", "s3a")
            .flatMap(
                scheme ->
                    Stream.of("parquet", "orc", "csv", "json")
                        .flatMap(
                            format ->
                                Stream.of("append", "overwrite", "dynamic", "streaming")
                                    .map(way -> scheme + ":" + format + ":" + way)))
            .toList(),
        10,
        false);
  }

  private static void writes(List<String> cases, int changes, boolean roleIsAwayAtTheStart) {
    int before = cloud.state().path("generations").asInt();
    if (roleIsAwayAtTheStart) {
      cloud.fail("away", 12);
    }
    Docker.Output output =
        node.exec(
            LONGEST,
            "spark-submit",
            "/writes.py",
            String.join(",", cases),
            Integer.toString(before + changes),
            Cloud.METADATA,
            "data");
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out().lines().filter(line -> line.contains(" by ")))
        .containsExactlyElementsOf(
            cases.stream()
                .map(one -> one + " right by " + (one.endsWith(":streaming") ? "its log" : "magic"))
                .toList());
    for (String fault : List.of("503", "500", "slow", "reset")) {
      assertThat(cloud.state().path("requests").path(fault + " by the test").asInt())
          .as(fault)
          .isPositive();
    }
    assertThat(cloud.state().path("refused")).as("requests with expired credentials").isEmpty();
  }
}
