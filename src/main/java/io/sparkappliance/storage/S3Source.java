package io.sparkappliance.storage;

import io.sparkappliance.aws.RoleCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * Fetches from S3. The SDK checks the object's checksum when it asks for it and S3 keeps one, but
 * none of the kind CRC64NVME, for which it would need a native library.
 */
final class S3Source implements Fetcher.Source, AutoCloseable {
  private static final Pattern LOCATION =
      Pattern.compile("s3[an]?://([^/?#]+)/(.+)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private final S3Clients clients;
  private final FetchLimits limits;
  private final S3Failures failures;
  private S3Client client;

  /**
   * @param role names the instance's role, if there is one
   */
  S3Source(Map<String, String> environment, FetchLimits limits, Supplier<Optional<String>> role) {
    this.clients = new S3Clients(environment);
    this.failures =
        new S3Failures(
            "Check the instance role or the AWS_… variables: s3:GetObject on the object is needed"
                + " (without s3:ListBucket a missing object looks the same).",
            "Start again later.",
            // By its name, if it is that one's credentials that S3 was shown.
            () -> RoleCredentials.areTheInstances(environment) ? role.get() : Optional.empty());
    this.limits = limits;
  }

  @Override
  public void close() {
    if (client != null) {
      client.close();
    }
  }

  @Override
  public void copy(String location, Path into) throws FetchFailure, IOException {
    Matcher matcher = LOCATION.matcher(location);
    if (!matcher.matches()) {
      throw new FetchFailure(
          "this is no S3 object", "Write s3://bucket/path/of/the/object.", false, null);
    }
    String bucket = matcher.group(1);
    String key = matcher.group(2);
    try (ResponseInputStream<GetObjectResponse> object =
        client()
            .getObject(
                request -> request.bucket(bucket).key(key).checksumMode(ChecksumMode.ENABLED))) {
      store(object, into);
    } catch (SdkException e) {
      throw failures.of(bucket, e);
    }
  }

  /**
   * Makes the mark of an empty folder where nothing is below it yet: Spark wants its event log's
   * folder to be there, and S3 has none. A bucket itself is one.
   */
  void makeFolder(String location) throws FetchFailure {
    Matcher matcher = LOCATION.matcher(location.endsWith("/") ? location : location + "/");
    if (!matcher.matches()) {
      return;
    }
    String bucket = matcher.group(1);
    String key = matcher.group(2);
    try {
      boolean isThere =
          client()
              .listObjectsV2(request -> request.bucket(bucket).prefix(key).maxKeys(1))
              .hasContents();
      if (!isThere) {
        client().putObject(request -> request.bucket(bucket).key(key), RequestBody.empty());
      }
    } catch (SdkException e) {
      throw failures.of(bucket, e);
    }
  }

  private static void store(ResponseInputStream<GetObjectResponse> object, Path into)
      throws FetchFailure, IOException {
    Long promised = object.response().contentLength();
    long size;
    try (InputStream in = object) {
      size = Files.copy(in, into, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw brokenOff(Fetcher.reason(e), e);
    } catch (SdkClientException e) {
      // What came has another checksum.
      throw brokenOff(S3Failures.firstLine(e), e);
    }
    if (promised != null && promised != size) {
      throw brokenOff(promised + " bytes were announced, " + size + " came", null);
    }
  }

  private static FetchFailure brokenOff(String what, Exception cause) {
    return new FetchFailure("the transfer broke off: " + what, "Start again.", true, cause);
  }

  private synchronized S3Client client() throws FetchFailure {
    if (client == null) {
      client = clients.create(limits.transfer());
    }
    return client;
  }
}
