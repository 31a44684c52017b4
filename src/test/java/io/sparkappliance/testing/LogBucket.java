package io.sparkappliance.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A bucket with logs, as somebody sees it who looks for them. */
public final class LogBucket implements AutoCloseable {
  private final String bucket;
  private final S3Client client;

  /** A bucket of a server that takes any key. */
  public LogBucket(URI endpoint, String bucket) {
    this.bucket = bucket;
    this.client =
        S3Client.builder()
            .endpointOverride(endpoint)
            .region(Region.EU_CENTRAL_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIATEST", "secret")))
            .forcePathStyle(true)
            .build();
  }

  /** Variables that lead the appliance to a server of this kind. */
  public static Map<String, String> environment(URI endpoint) {
    return Map.of(
        "AWS_ENDPOINT_URL_S3", endpoint.toString(),
        "AWS_REGION", "eu-central-1",
        "AWS_ACCESS_KEY_ID", "AKIATEST",
        "AWS_SECRET_ACCESS_KEY", "s3cret-key");
  }

  /** Names of all objects below a folder, in their order. */
  public List<String> names(String folder) {
    return client.listObjectsV2(list -> list.bucket(bucket).prefix(folder)).contents().stream()
        .map(S3Object::key)
        .sorted()
        .toList();
  }

  /** The unpacked content of each, in the order of their names. */
  public List<String> pieces(String folder) {
    List<String> pieces = new ArrayList<>();
    for (String name : names(folder)) {
      try (InputStream object = client.getObject(request -> request.bucket(bucket).key(name));
          GZIPInputStream in = new GZIPInputStream(object)) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        in.transferTo(out);
        pieces.add(out.toString(StandardCharsets.UTF_8));
      } catch (IOException broken) {
        throw new UncheckedIOException(broken);
      }
    }
    return pieces;
  }

  /** The pieces one behind the other. */
  public String text(String folder) {
    return String.join("", pieces(folder));
  }

  @Override
  public void close() {
    client.close();
  }
}
