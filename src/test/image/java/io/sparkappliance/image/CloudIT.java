package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
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
  private static final int METADATA = 1338;
  private static final int HISTORY = 18080;
  private static final Duration LONGEST = Duration.ofMinutes(12);

  private static Container cloud;
  private static Container node;

  @BeforeAll
  static void start() {
    String network = Lab.network("cloud");
    S3Server.start(network, "s3mock", "data", "logs");
    cloud =
        Container.of(Lab.SLIM)
            .network(network, "cloud")
            .publish(METADATA)
            .mount(Path.of("src/test/image/cloud/cloud.py"), "/cloud.py")
            .option("--entrypoint", "python3")
            .command("/cloud.py", "the-nodes-role", "20", "s3mock", Integer.toString(S3Server.PORT))
            .start("cloud");
    await("the cloud")
        .atMost(SharedNode.START)
        .failFast(() -> !cloud.running())
        .until(() -> cloud.logs().contains("serves"));
    node =
        Container.of(Lab.SLIM)
            .network(network, "node")
            .roles("MASTER", "WORKER", "HISTORYSERVER")
            .publish(HISTORY)
            .instanceMetadata("http://cloud:" + METADATA)
            .env("AWS_ENDPOINT_URL_S3", "http://cloud:9000")
            .env("AWS_REGION", "eu-central-1")
            .env("SPARK_CONF_spark_hadoop_fs_s3a_endpoint", "http://cloud:9000")
            .env("SPARK_CONF_spark_hadoop_fs_s3a_path_style_access", "true")
            .env("EVENT_LOG_DIR", "s3://logs/of/events")
            .env("DRIVER_MEMORY", "1g")
            .env("EXECUTOR_MEMORY", "1g")
            .mount(Path.of("src/test/image/cloud/writes.py"), "/writes.py")
            .start("node");
    node.awaitReady(SharedNode.START);
  }

  /**
   * One of each kind, until the first credentials have expired, while S3 and the role fail for a
   * while.
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
    int before = state().path("generations").asInt();
    if (roleIsAwayAtTheStart) {
      control("away/12");
    }
    Docker.Output output =
        node.exec(
            LONGEST,
            "spark-submit",
            "/writes.py",
            String.join(",", cases),
            Integer.toString(before + changes),
            "http://cloud:" + METADATA);
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out().lines().filter(line -> line.contains(" by ")))
        .containsExactlyElementsOf(
            cases.stream()
                .map(one -> one + " right by " + (one.endsWith(":streaming") ? "its log" : "magic"))
                .toList());
    assertThat(state().path("requests").path("failed by the test").asInt())
        .as("failures")
        .isPositive();
    assertThat(state().path("refused")).as("requests with expired credentials").isEmpty();
  }

  private static JsonNode state() {
    return SharedNode.json(Http.get(cloud.http(METADATA, "/_test/state")).text());
  }

  private static void control(String what) {
    cloud.shell(
        "python3 -c 'import urllib.request as u; u.urlopen(\"http://localhost:%d/_test/%s\", b\"\")'"
            .formatted(METADATA, what));
  }
}
