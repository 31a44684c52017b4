package io.sparkappliance.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;

/**
 * Something a provider publishes, fetched when it is needed and again from time to time. The old
 * one serves on for a while when the new one can't be fetched; nobody is asked more often than
 * every few seconds, whoever wants it.
 */
final class Refreshed<T> {
  private static final Duration FRESH = Duration.ofMinutes(10);
  private static final Duration USABLE = Duration.ofHours(1);
  private static final Duration PAUSE = Duration.ofSeconds(10);

  private final Source<T> source;
  private final InstantSource clock;
  private T value;
  private Instant fetched = Instant.MIN;
  private Instant tried = Instant.MIN;
  private ProviderException trouble = new ProviderException("nobody was asked yet");

  /** Where it comes from. */
  @FunctionalInterface
  interface Source<T> {
    T fetch() throws ProviderException;
  }

  Refreshed(Source<T> source, InstantSource clock) {
    this.source = source;
    this.clock = clock;
  }

  /** The one that is in force. */
  synchronized T get() throws ProviderException {
    Instant now = clock.instant();
    if (value == null || isOlder(fetched, FRESH, now)) {
      refresh(now);
    }
    if (value == null || isOlder(fetched, USABLE, now)) {
      throw trouble;
    }
    return value;
  }

  /** One that is newer than what somebody has, unless it was fetched a moment ago. */
  synchronized T newerThan(T seen) throws ProviderException {
    if (Objects.equals(value, seen)) {
      refresh(clock.instant());
    }
    return get();
  }

  private void refresh(Instant now) {
    if (!isOlder(tried, PAUSE, now)) {
      return;
    }
    tried = now;
    try {
      value = source.fetch();
      fetched = now;
    } catch (ProviderException failed) {
      trouble = failed;
    }
  }

  private static boolean isOlder(Instant moment, Duration age, Instant now) {
    return moment.equals(Instant.MIN) || !moment.plus(age).isAfter(now);
  }
}
