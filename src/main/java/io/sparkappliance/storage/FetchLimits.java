package io.sparkappliance.storage;

import java.time.Duration;

/**
 * How patient a fetch is.
 *
 * @param connect time to reach the server
 * @param response time until a server's answer begins
 * @param transfer time for one attempt as a whole
 * @param attempts how often a fetch is tried, at least 1
 * @param firstDelay pause before the second attempt; each later one doubles
 */
public record FetchLimits(
    Duration connect, Duration response, Duration transfer, int attempts, Duration firstDelay) {
  /** For a start that should ride out a hiccup of the network, but not hide an outage. */
  public static final FetchLimits DEFAULT =
      new FetchLimits(
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofMinutes(10),
          4,
          Duration.ofMillis(500));

  /** Rejects less than one attempt. */
  public FetchLimits {
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts: " + attempts);
    }
  }

  /** Pause before the attempt after this one; the first attempt is number 1. */
  Duration delayAfter(int attempt) {
    return firstDelay.multipliedBy(1L << Math.min(attempt - 1, 10));
  }
}
