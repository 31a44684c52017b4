package io.sparkappliance.aws;

import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Where somebody wants a service to be asked instead of at AWS. */
public final class CustomEndpoint {
  private CustomEndpoint() {}

  /**
   * The service's own, else the one for all.
   *
   * @param ownVariable such as {@code AWS_ENDPOINT_URL_S3}
   */
  public static Optional<URI> of(Map<String, String> environment, String ownVariable) {
    return Stream.of(ownVariable, "AWS_ENDPOINT_URL")
        .map(name -> environment.getOrDefault(name, ""))
        .filter(value -> !value.isEmpty())
        .findFirst()
        .map(URI::create);
  }
}
