package io.sparkappliance.storage;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;

/** Puts files into one bucket. */
final class S3Uploads implements AutoCloseable {
  private static final S3Failures FAILURES =
      new S3Failures(
          "Check the instance role or the AWS_… variables: s3:PutObject below the folder is needed"
              + " (and the key of an encrypted bucket).",
          "It is tried again.",
          Optional::empty);

  private final S3Clients clients;
  private final Duration attempt;
  private final String bucket;
  private S3Client client;

  S3Uploads(Map<String, String> environment, Duration attempt, String bucket) {
    this.clients = new S3Clients(environment);
    this.attempt = attempt;
    this.bucket = bucket;
  }

  void put(String key, Path file) throws FetchFailure {
    try {
      client()
          .putObject(
              request ->
                  request
                      .bucket(bucket)
                      .key(key)
                      .contentType("application/gzip")
                      // S3 refuses what did not arrive as it was sent.
                      .checksumAlgorithm(ChecksumAlgorithm.CRC32),
              RequestBody.fromFile(file));
    } catch (SdkException e) {
      throw FAILURES.of(bucket, e);
    }
  }

  private synchronized S3Client client() throws FetchFailure {
    if (client == null) {
      client = clients.create(attempt);
    }
    return client;
  }

  @Override
  public synchronized void close() {
    if (client != null) {
      client.close();
    }
  }
}
