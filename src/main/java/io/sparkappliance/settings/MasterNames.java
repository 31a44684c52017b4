package io.sparkappliance.settings;

import java.util.List;
import java.util.Optional;

/**
 * How somebody names the masters.
 *
 * @param addresses {@code spark://host:port[,host:port…]}; empty where nobody gave any
 * @param stack the stack on AWS whose members they are; empty where they have addresses
 */
public record MasterNames(List<HostAndPort> addresses, Optional<String> stack) {
  /** Nobody named any. */
  static final MasterNames NONE = new MasterNames(List.of(), Optional.empty());

  /** Takes a copy that can't be changed. */
  public MasterNames {
    addresses = List.copyOf(addresses);
  }

  static MasterNames of(List<HostAndPort> addresses) {
    return new MasterNames(addresses, Optional.empty());
  }

  static MasterNames of(String stack) {
    return new MasterNames(List.of(), Optional.of(stack));
  }
}
