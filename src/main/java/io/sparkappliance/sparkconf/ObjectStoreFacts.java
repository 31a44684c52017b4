package io.sparkappliance.sparkconf;

import io.sparkappliance.aws.AwsRegion;
import java.util.Map;
import java.util.Optional;

/**
 * What this node knows about S3 besides its settings.
 *
 * @param installed whether S3A and the committers are there: naming their classes without them
 *     would break every write
 * @param keysInEnvironment whether {@code AWS_ACCESS_KEY_ID} is set
 * @param region {@code AWS_REGION}, else {@code AWS_DEFAULT_REGION}
 */
record ObjectStoreFacts(boolean installed, boolean keysInEnvironment, Optional<String> region) {
  static ObjectStoreFacts of(boolean installed, Map<String, String> environment) {
    return new ObjectStoreFacts(
        installed,
        !environment.getOrDefault("AWS_ACCESS_KEY_ID", "").isBlank(),
        AwsRegion.of(environment));
  }
}
