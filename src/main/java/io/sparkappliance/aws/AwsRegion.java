package io.sparkappliance.aws;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The region that an environment names. */
public final class AwsRegion {
  private AwsRegion() {}

  /** {@code AWS_REGION}, else {@code AWS_DEFAULT_REGION}, such as {@code eu-central-1}. */
  public static Optional<String> of(Map<String, String> environment) {
    return Stream.of("AWS_REGION", "AWS_DEFAULT_REGION")
        .map(name -> environment.getOrDefault(name, "").strip())
        .filter(value -> !value.isEmpty())
        .findFirst();
  }
}
