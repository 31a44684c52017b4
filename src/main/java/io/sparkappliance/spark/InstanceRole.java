package io.sparkappliance.spark;

import io.sparkappliance.aws.Pauses;
import io.sparkappliance.aws.RoleCredentials;
import java.time.Duration;
import org.apache.hadoop.fs.s3a.auth.NoAwsCredentialsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Credentials of the container, or of the instance's role, and nobody else's, for S3A. S3A's own
 * provider of these fails at once where the metadata service doesn't answer, which it does for a
 * limited number of calls a second, and a cluster's executors start together.
 */
public final class InstanceRole implements AwsCredentialsProvider, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceRole.class);

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final AwsCredentialsProviderChain role = RoleCredentials.ofThisMachine();

  /** As S3A calls it. */
  public InstanceRole() {}

  /**
   * {@inheritDoc}
   *
   * @throws NoAwsCredentialsException when there are none for 20 seconds, or the thread is
   *     interrupted
   */
  @Override
  public AwsCredentials resolveCredentials() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        return role.resolveCredentials();
      } catch (SdkException none) {
        LOG.debug("no credentials", none);
        if (System.nanoTime() - deadline > 0 || !Pauses.pause(pause)) {
          throw new NoAwsCredentialsException(
              "InstanceRole",
              "neither the container nor the instance's role has credentials (a container needs a"
                  + " hop limit of 2 at the instance metadata service)",
              none);
        }
        pause = pause.multipliedBy(2);
        pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
      }
    }
  }

  @Override
  public void close() {
    role.close();
  }
}
