package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.cloudformation.NodeRole;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.Credentials;

/**
 * What the stacks' role allows is enough, and no more: MinIO enforces the policy of the template.
 * {@code make test-minio} builds its program first.
 */
@ExtendWith(LabExtension.class)
@Tag("minio")
final class MinioIT {
  private static final int S3 = 9000;
  private static final String FOLDER = "data/teams/spark";
  private static final StaticCredentialsProvider OWNER =
      StaticCredentialsProvider.create(
          AwsBasicCredentials.create("the-owner", "the-password-of-the-owner"));

  private static Container minio;
  private static Cloud cloud;
  private static Container node;

  @BeforeAll
  static void start() {
    String network = Lab.network("minio");
    minio =
        Container.of(Lab.SLIM)
            .network(network, "minio")
            .publish(S3)
            .mount(Path.of(System.getProperty("minio", "build/minio/minio")), "/minio")
            .env("MINIO_ROOT_USER", "the-owner")
            .env("MINIO_ROOT_PASSWORD", "the-password-of-the-owner")
            .option("--entrypoint", "/minio")
            .command("server", "/tmp/minio")
            .start("minio");
    await("MinIO")
        .atMost(SharedNode.START)
        .failFast(() -> !minio.running())
        .ignoreExceptions()
        .until(() -> Http.get(minio.http(S3, "/minio/health/ready")).code() == 200);
    owner(s3 -> s3.createBucket(request -> request.bucket("data")));
    cloud = Cloud.start(network);
    giveTheRole(NodeRole.s3Policy("data", "teams/spark"));
    node =
        S3Node.in(network, "http://minio:" + S3, "s3://" + FOLDER + "/events")
            .env("LOG_DIR", "s3://" + FOLDER + "/logs")
            .mount(Path.of("src/test/image/cloud/outside.py"), "/outside.py")
            .start("node");
    node.awaitReady(SharedNode.START);
  }

  @Test
  void everyWayToWriteWorksBelowThePrefix() {
    List<String> cases =
        Stream.of("parquet", "orc", "csv", "json")
            .flatMap(
                format ->
                    Stream.of("append", "overwrite", "dynamic", "streaming")
                        .map(way -> "s3:" + format + ":" + way))
            .toList();
    Docker.Output output = S3Node.write(node, cases, 0, FOLDER);
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out().lines().filter(line -> line.contains(" right by "))).hasSize(16);
    S3Node.awaitHistory(node);
    node.stop(60);
    assertThat(keys("teams/spark/logs/")).as("logs").isNotEmpty();
    node.startAgain();
    node.awaitReady(SharedNode.START);
  }

  @Test
  void nothingOutsideOfThePrefixIsReadOrWritten() {
    Docker.Output output =
        S3Node.submit(
            node,
            "/outside.py",
            "s3://" + FOLDER + "/mine",
            "s3://data/teams/spark-of-others",
            "s3://data/others");
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out().lines().filter(line -> line.contains(" -> ")))
        .satisfiesExactly(
            line -> assertThat(line).endsWith("-> done"),
            line -> assertThat(line).endsWith("-> done"),
            line -> assertThat(line).contains("AccessDenied"),
            line -> assertThat(line).contains("AccessDenied"),
            line -> assertThat(line).contains("AccessDenied"),
            line -> assertThat(line).contains("AccessDenied"));
    assertThat(keys("")).allMatch(key -> key.startsWith("teams/spark/"));
  }

  /** Until this has been called, nobody has the role; its credentials hold for an hour. */
  private static void giveTheRole(String policy) {
    try (StsClient sts =
        StsClient.builder()
            .endpointOverride(endpoint())
            .region(Region.EU_CENTRAL_1)
            .credentialsProvider(OWNER)
            .build()) {
      Credentials credentials =
          sts.assumeRole(
                  request ->
                      request
                          .roleArn("arn:minio:iam:::role/" + Cloud.ROLE)
                          .roleSessionName(Cloud.ROLE)
                          .policy(policy)
                          .durationSeconds(3600))
              .credentials();
      cloud.put(
          "meta-data/iam/security-credentials/" + Cloud.ROLE,
          new ObjectMapper()
              .valueToTree(
                  Map.of(
                      "Code",
                      "Success",
                      "Type",
                      "AWS-HMAC",
                      "AccessKeyId",
                      credentials.accessKeyId(),
                      "SecretAccessKey",
                      credentials.secretAccessKey(),
                      "Token",
                      credentials.sessionToken(),
                      "LastUpdated",
                      credentials.expiration().minusSeconds(3600).toString(),
                      "Expiration",
                      credentials.expiration().toString()))
              .toString());
    }
  }

  private static List<String> keys(String prefix) {
    return owner(
        s3 ->
            s3
                .listObjectsV2Paginator(request -> request.bucket("data").prefix(prefix))
                .contents()
                .stream()
                .map(S3Object::key)
                .toList());
  }

  private static <T> T owner(Function<S3Client, T> what) {
    try (S3Client s3 =
        S3Client.builder()
            .endpointOverride(endpoint())
            .forcePathStyle(true)
            .region(Region.EU_CENTRAL_1)
            .credentialsProvider(OWNER)
            .build()) {
      return what.apply(s3);
    }
  }

  private static URI endpoint() {
    return minio.http(S3, "");
  }
}
