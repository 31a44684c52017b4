package io.sparkappliance.gateway;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Takes no more attempts from an address that failed too often within a minute, until that minute
 * is over: nobody guesses tokens, or keeps a provider busy with them.
 */
final class FailureLimit {
  static final int MOST = 50;
  static final Duration WINDOW = Duration.ofMinutes(1);
  private static final int ADDRESSES = 10_000;

  private final InstantSource clock;
  private final Map<String, Failures> byAddress =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
          return size() > ADDRESSES;
        }
      };

  private record Failures(Instant since, int count) {}

  FailureLimit(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * Goes on for those who may try.
   *
   * @param address as text
   * @throws RefusedException with 429 for all others
   */
  void check(String address) {
    Instant now = clock.instant();
    Failures failures;
    synchronized (byAddress) {
      failures = byAddress.get(key(address));
    }
    if (failures == null || failures.count() < MOST || isOver(failures, now)) {
      return;
    }
    long seconds = Duration.between(now, failures.since().plus(WINDOW)).toSeconds() + 1;
    throw new RefusedException(
            429, "Too many attempts with tokens that are not valid came from your address.")
        .with("Retry-After", Long.toString(seconds));
  }

  /** One more attempt failed. */
  void add(String address) {
    Instant now = clock.instant();
    synchronized (byAddress) {
      byAddress.merge(
          key(address),
          new Failures(now, 1),
          (before, one) ->
              isOver(before, now) ? one : new Failures(before.since(), before.count() + 1));
    }
  }

  private static boolean isOver(Failures failures, Instant now) {
    return !failures.since().plus(WINDOW).isAfter(now);
  }

  /** Whoever has an IPv6 address has a network of them. */
  private static String key(String address) {
    try {
      if (address.contains(":")
          && InetAddress.ofLiteral(address.replaceAll("[\\[\\]]", ""))
              instanceof Inet6Address six) {
        return HexFormat.of().formatHex(Arrays.copyOf(six.getAddress(), 8));
      }
    } catch (IllegalArgumentException noAddress) {
      // A text of its own.
    }
    return address;
  }
}
