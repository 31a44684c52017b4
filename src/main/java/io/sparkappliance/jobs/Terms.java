package io.sparkappliance.jobs;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How a job is to be treated.
 *
 * @param name what its owner calls it; at most {@value #MAX_NAME} characters, no control characters
 * @param maxAttempts how often it may be begun in all, from 1 to {@value #MAX_ATTEMPTS}
 * @param timeLimit after which a running attempt is ended
 * @param idempotencyKey under which the same request is taken once only; printable ASCII, at most
 *     {@value #MAX_KEY} characters
 * @param webhook who is told of its end, see {@link WebhookAddress}; empty: nobody
 */
public record Terms(
    String name,
    int maxAttempts,
    Optional<Duration> timeLimit,
    Optional<String> idempotencyKey,
    Optional<URI> webhook) {
  private static final int MAX_NAME = 200;
  private static final int MAX_KEY = 200;
  private static final int MAX_ATTEMPTS = 10;
  private static final Duration LONGEST = Duration.ofDays(30);
  private static final Pattern NAME = Pattern.compile("[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}]+");
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]+");

  /**
   * Takes terms that are within bounds.
   *
   * @throws InvalidRequestException when one is not
   */
  public Terms {
    if (name.length() > MAX_NAME || !NAME.matcher(name).matches() || name.isBlank()) {
      throw new InvalidRequestException(
          "name", "must have 1 to " + MAX_NAME + " characters, and no control characters");
    }
    if (maxAttempts < 1 || maxAttempts > MAX_ATTEMPTS) {
      throw new InvalidRequestException("max_attempts", "must be from 1 to " + MAX_ATTEMPTS);
    }
    if (timeLimit
        .filter(limit -> !limit.isPositive() || limit.compareTo(LONGEST) > 0)
        .isPresent()) {
      throw new InvalidRequestException(
          "time_limit_seconds", "must be from 1 to " + LONGEST.toSeconds());
    }
    if (idempotencyKey
        .filter(key -> key.length() > MAX_KEY || !KEY.matcher(key).matches())
        .isPresent()) {
      throw new InvalidRequestException(
          "Idempotency-Key",
          "must have 1 to " + MAX_KEY + " printable ASCII characters without spaces");
    }
  }

  /** Terms of a job of whose end nobody is told. */
  public Terms(
      String name, int maxAttempts, Optional<Duration> timeLimit, Optional<String> idempotencyKey) {
    this(name, maxAttempts, timeLimit, idempotencyKey, Optional.empty());
  }

  /** One attempt that takes as long as it takes. */
  public static Terms named(String name) {
    return new Terms(name, 1, Optional.empty(), Optional.empty());
  }

  /** One attempt at what a client calls by this file name. */
  public static Terms ofFile(String fileName) {
    return named(displayName(fileName));
  }

  /** What is left of a file's name without folders and unusual characters; never empty. */
  static String displayName(String fileName) {
    String base =
        fileName.substring(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
    String safe = base.replaceAll("[^A-Za-z0-9._ -]", "_").strip();
    return safe.isEmpty() ? "job" : safe.substring(Math.max(0, safe.length() - 80)).strip();
  }
}
