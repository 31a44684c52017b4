package io.sparkappliance.supervise;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Growing pauses between restarts.
 *
 * @param first the first pause; each next one is twice as long
 * @param longest no pause is longer
 * @param jitter random numbers from 0 to 1: a pause is shortened by up to half, so that daemons of
 *     many nodes that died together don't come back together
 */
record Backoff(Duration first, Duration longest, DoubleSupplier jitter) {
  /** The pause after so many failures in a row, the first being 1. */
  Duration after(int failures) {
    int doublings = Math.min(Math.max(failures, 1) - 1, 20);
    Duration full = first.multipliedBy(1L << doublings);
    Duration capped = full.compareTo(longest) > 0 ? longest : full;
    return Duration.ofMillis(Math.round(capped.toMillis() * (1 - 0.5 * jitter.getAsDouble())));
  }
}
