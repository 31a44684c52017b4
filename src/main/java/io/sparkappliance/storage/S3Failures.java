package io.sparkappliance.storage;

import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * What a failure of S3 means, and what to do about it.
 *
 * @param access what to do where S3 refuses: names the permission that is needed
 * @param later what to do where S3 has a hiccup
 * @param role names whom S3 refuses, if that is a role with a name
 */
record S3Failures(String access, String later, Supplier<Optional<String>> role) {
  /** Explains what a call for something in a bucket ended with. */
  FetchFailure of(String bucket, SdkException failure) {
    return switch (failure) {
      case S3Exception answer -> refused(bucket, answer);
      case SdkClientException unanswered -> unanswered(unanswered);
      default ->
          new FetchFailure(
              "S3 failed (" + firstLine(failure) + ")", access, failure.retryable(), failure);
    };
  }

  private FetchFailure refused(String bucket, S3Exception e) {
    return switch (e.statusCode()) {
      case 403 ->
          new FetchFailure(
              "S3 refuses access" + toWhom() + " (403" + code(e) + ")", access, false, e);
      case 404 ->
          "NoSuchBucket".equals(errorCode(e))
              ? new FetchFailure(
                  "there is no bucket " + bucket + " (404)", "Check the bucket's name.", false, e)
              : new FetchFailure("there is no such object (404)", "Check the key.", false, e);
      default ->
          e.statusCode() >= 500
              ? new FetchFailure("S3 failed (" + e.statusCode() + code(e) + ")", later, true, e)
              : new FetchFailure("S3 answered " + e.statusCode() + code(e), access, false, e);
    };
  }

  private String toWhom() {
    return role.get().map(name -> " to the role " + name).orElse("");
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

  /** What the SDK says, without its count of attempts. */
  static String firstLine(SdkException e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return Locations.redact(
        message.lines().findFirst().orElse("").replaceFirst(" \\(SDK Attempt.*", ""));
  }
}
