package io.sparkappliance.storage;

import io.sparkappliance.aws.AwsRegion;
import io.sparkappliance.aws.CustomEndpoint;
import io.sparkappliance.aws.RoleCredentials;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/**
 * The launcher's way to S3: with the credentials of the container or of the instance's role, as S3A
 * does; with a key only where the environment has one.
 */
final class S3Clients {
  private final Map<String, String> environment;

  /**
   * @param environment where the AWS endpoint and AWS keys are looked up
   */
  S3Clients(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /**
   * Makes a client that tries each call once: attempts are counted by the caller, which says how
   * many it made.
   *
   * @param attempt time for one attempt as a whole
   * @throws FetchFailure when the region is unknown
   */
  S3Client create(Duration attempt) throws FetchFailure {
    return create(attempt, 1);
  }

  /**
   * Makes a client that tries each call a few times, with pauses in between.
   *
   * @param attempt time for one attempt as a whole
   * @param attempts how many, at most
   * @throws FetchFailure when the region is unknown
   */
  S3Client create(Duration attempt, int attempts) throws FetchFailure {
    S3ClientBuilder builder =
        S3Client.builder()
            .region(region())
            .credentialsProvider(RoleCredentials.of(environment))
            // A bucket may be in another region than this machine.
            .crossRegionAccessEnabled(true)
            .overrideConfiguration(
                configuration ->
                    configuration
                        .apiCallAttemptTimeout(attempt)
                        .retryStrategy(retry -> retry.maxAttempts(attempts)));
    customEndpoint()
        // Servers other than Amazon's rarely answer at bucket.host.
        .ifPresent(endpoint -> builder.endpointOverride(endpoint).forcePathStyle(true));
    return builder.build();
  }

  private Optional<URI> customEndpoint() {
    return CustomEndpoint.of(environment, "AWS_ENDPOINT_URL_S3");
  }

  private Region region() throws FetchFailure {
    Optional<String> given = AwsRegion.of(environment);
    if (given.isPresent()) {
      return Region.of(given.get());
    }
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
}
