package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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

  private static Cloud cloud;
  private static Container node;

  @BeforeAll
  static void start() {
    String network = Lab.network("cloud");
    S3Server.start(network, "s3mock", "data", "logs");
    cloud = Cloud.start(network, 20, "s3mock", S3Server.PORT);
    node =
        S3Node.in(network, Cloud.S3, "s3://logs/of/events")
            .env("AWS_REGION", "eu-central-1")
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
        "data/some",
        true);
    S3Node.awaitHistory(node);
  }

  @Test
  void whatS3RefusesIsSaidAndEndsWithItsCause() {
    Docker.Output output = S3Node.submit(node, "/refusals.py", Cloud.METADATA);
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
        "data/all",
        false);
  }

  private static void writes(
      List<String> cases, int changes, String folder, boolean roleIsAwayAtTheStart) {
    int before = cloud.state().path("generations").asInt();
    if (roleIsAwayAtTheStart) {
      cloud.fail("away", 12);
    }
    Docker.Output output = S3Node.write(node, cases, before + changes, folder);
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
