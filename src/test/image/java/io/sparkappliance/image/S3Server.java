package io.sparkappliance.image;

import static org.awaitility.Awaitility.await;

import io.sparkappliance.testing.S3MockArchive;
import io.sparkappliance.testing.SparkDistribution;
import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** S3Mock in a container: it takes any credentials. */
final class S3Server {
  static final int PORT = 9090;
  static final Region REGION = Region.EU_CENTRAL_1;

  private S3Server() {}

  /**
   * Starts one, and waits until it serves.
   *
   * @param alias its name in the network
   * @param buckets that it begins with
   */
  static Container start(String network, String alias, String... buckets) {
    Container server =
        Container.of(Lab.SLIM)
            .network(network, alias)
            .publish(PORT)
            .mount(S3MockArchive.find(), "/s3mock.jar")
            .option("--entrypoint", "java")
            .command(
                SparkDistribution.ONE_COMPILER,
                "-XX:+UseSerialGC",
                "-jar",
                "/s3mock.jar",
                "--com.adobe.testing.s3mock.httpPort=" + PORT,
                "--com.adobe.testing.s3mock.store.root=/tmp/s3",
                "--com.adobe.testing.s3mock.store.initialBuckets=" + String.join(",", buckets))
            .start(alias);
    await("the S3 server")
        .atMost(SharedNode.START)
        .failFast(() -> !server.running())
        .until(() -> server.logs().contains("as root folder"));
    return server;
  }

  /** A client on this machine. */
  static S3Client client(Container server, AwsCredentials credentials) {
    return S3Client.builder()
        .endpointOverride(URI.create("http://127.0.0.1:" + server.port(PORT)))
        .credentialsProvider(StaticCredentialsProvider.create(credentials))
        .region(REGION)
        .forcePathStyle(true)
        .build();
  }
}
