package io.sparkappliance.storage;

import io.sparkappliance.aws.RoleCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Fetches from S3 with the credentials of the container or of the instance's role, as S3A does;
 * with a key only where the environment has one. The SDK checks the object's checksum when it asks
 * for it and S3 keeps one, but none of the kind CRC64NVME, for which it would need a native
 * library.
 */
final class S3Source implements Fetcher.Source, AutoCloseable {
  private static final Pattern LOCATION =
      Pattern.compile("s3[an]?://([^/?#]+)/(.+)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final String IAM =
      "Check the instance role or the AWS_… variables: s3:GetObject on the object is needed"
          + " (without s3:ListBucket a missing object looks the same).";

  private final Map<String, String> environment;
  private final FetchLimits limits;
  private final Supplier<Optional<String>> role;
  private S3Client client;

  /**
   * @param role names the instance's role, if there is one
   */
  S3Source(Map<String, String> environment, FetchLimits limits, Supplier<Optional<String>> role) {
    this.role = role;
    this.environment = environment;
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
      throw explained(bucket, e);
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
      throw explained(bucket, e);
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
      throw brokenOff(firstLine(e), e);
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
      S3ClientBuilder builder =
          S3Client.builder()
              .region(region())
              .credentialsProvider(RoleCredentials.of(environment))
              // A bucket may be in another region than this machine.
              .crossRegionAccessEnabled(true)
              .overrideConfiguration(
                  configuration ->
                      configuration
                          .apiCallAttemptTimeout(limits.transfer())
                          // Attempts are counted by the fetcher, which says how many it made.
                          .retryStrategy(retry -> retry.maxAttempts(1)));
      customEndpoint()
          // Servers other than Amazon's rarely answer at bucket.host.
          .ifPresent(endpoint -> builder.endpointOverride(endpoint).forcePathStyle(true));
      client = builder.build();
    }
    return client;
  }

  private Optional<URI> customEndpoint() {
    for (String name : new String[] {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
      String value = environment.getOrDefault(name, "");
      if (!value.isEmpty()) {
        return Optional.of(URI.create(value));
      }
    }
    return Optional.empty();
  }

  private Region region() throws FetchFailure {
    try {
      return DefaultAwsRegionProviderChain.builder().build().getRegion();
    } catch (SdkClientException e) {
      if (customEndpoint().isPresent()) {
        // Such servers don't care, but a signature needs some region.
        return Region.US_EAST_1;
      }
      throw new FetchFailure(
          "the AWS region is unknown: neither AWS_REGION nor a profile nor the instance says it",
          "Set AWS_REGION, for example AWS_REGION=eu-central-1.",
          false,
          e);
    }
  }

  private FetchFailure explained(String bucket, SdkException failure) {
    return switch (failure) {
      case S3Exception answer -> refused(bucket, answer);
      case SdkClientException unanswered -> unanswered(unanswered);
      default ->
          new FetchFailure(
              "S3 failed (" + firstLine(failure) + ")", IAM, failure.retryable(), failure);
    };
  }

  private FetchFailure refused(String bucket, S3Exception e) {
    return switch (e.statusCode()) {
      case 403 ->
          new FetchFailure("S3 refuses access" + toWhom() + " (403" + code(e) + ")", IAM, false, e);
      case 404 ->
          "NoSuchBucket".equals(errorCode(e))
              ? new FetchFailure(
                  "there is no bucket " + bucket + " (404)", "Check the bucket's name.", false, e)
              : new FetchFailure("there is no such object (404)", "Check the key.", false, e);
      default ->
          e.statusCode() >= 500
              ? new FetchFailure(
                  "S3 failed (" + e.statusCode() + code(e) + ")", "Start again later.", true, e)
              : new FetchFailure("S3 answered " + e.statusCode() + code(e), IAM, false, e);
    };
  }

  /** The instance's role by its name, if it is that one's credentials that S3 was shown. */
  private String toWhom() {
    return RoleCredentials.areTheInstances(environment)
        ? role.get().map(name -> " to the role " + name).orElse("")
        : "";
  }

  private static FetchFailure unanswered(SdkClientException e) {
    String message = firstLine(e);
    if (message.toLowerCase(Locale.ROOT).contains("unable to load credentials")) {
      return new FetchFailure(
          "no AWS credentials were found",
          "Give the instance a role that its containers reach (a hop limit of 2 at the instance"
              + " metadata service).",
          // The metadata service takes a limited number of calls a second.
          true,
          e);
    }
    return new FetchFailure(
        "S3 can't be reached (" + message + ")",
        "Check network, AWS_REGION and AWS_ENDPOINT_URL_S3.",
        true,
        e);
  }

  private static String code(S3Exception e) {
    String code = errorCode(e);
    return code.isEmpty() ? "" : " " + code;
  }

  private static String errorCode(S3Exception e) {
    return e.awsErrorDetails() == null || e.awsErrorDetails().errorCode() == null
        ? ""
        : e.awsErrorDetails().errorCode();
  }

  private static String firstLine(SdkException e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return Locations.redact(
        message.lines().findFirst().orElse("").replaceFirst(" \\(SDK Attempt.*", ""));
  }
}
