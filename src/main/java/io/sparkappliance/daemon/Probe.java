package io.sparkappliance.daemon;

import java.util.Optional;

/** Finds out whether a daemon does its work, by using it. May take seconds; may block. */
@FunctionalInterface
public interface Probe {
  /**
   * Tries once.
   *
   * @return empty when the daemon is ready, else what it lacks, in a few words
   */
  Optional<String> missing();
}
