package io.sparkappliance.supervise;

import java.time.Duration;

/**
 * When daemons are asked how they are.
 *
 * @param whileStarting pause between two probes of a daemon that is not ready
 * @param whenReady pause between two probes of one that is
 * @param patience a probe that takes longer has failed
 */
record ProbeTimes(Duration whileStarting, Duration whenReady, Duration patience) {
  /** Quick enough that nobody waits for a probe, rare enough that nobody notices them. */
  static final ProbeTimes DEFAULT =
      new ProbeTimes(Duration.ofMillis(300), Duration.ofSeconds(15), Duration.ofSeconds(60));
}
