package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.SecretSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a node's configuration needs from beyond the node.
 *
 * @param environment this process's: endpoints of AWS, proxies, pip's own variables; holds secrets
 * @param secrets finds those that are given by reference
 * @param role names the EC2 instance's role, for people
 */
public record Outside(
    Map<String, String> environment, SecretSource secrets, Supplier<Optional<String>> role) {
  /** Takes a copy that can't be changed. */
  public Outside {
    environment = Map.copyOf(environment);
  }

  /** With nobody to ask: references stay as they are. */
  static Outside notAsked(Map<String, String> environment) {
    return new Outside(environment, SecretSource.NOT_ASKED, Optional::empty);
  }

  /** Without the values. */
  @Override
  public String toString() {
    return "Outside[variables=" + environment.keySet() + "]";
  }
}
