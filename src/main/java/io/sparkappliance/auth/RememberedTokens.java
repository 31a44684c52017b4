package io.sparkappliance.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Remembers valid tokens for a moment, by their hashes, so that not every call asks the provider. A
 * token that is withdrawn there may be taken for so long.
 */
final class RememberedTokens implements TokenChecker {
  static final Duration LONGEST = Duration.ofSeconds(30);
  private static final int MOST = 10_000;

  private final TokenChecker checker;
  private final InstantSource clock;
  private final Map<String, Remembered> remembered =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Remembered> eldest) {
          return size() > MOST;
        }
      };

  private record Remembered(Verdict.Valid verdict, Instant until) {}

  RememberedTokens(TokenChecker checker, InstantSource clock) {
    this.checker = checker;
    this.clock = clock;
  }

  @Override
  public Verdict check(String token) {
    String key = hash(token);
    Instant now = clock.instant();
    synchronized (remembered) {
      Remembered known = remembered.get(key);
      if (known != null && known.until().isAfter(now)) {
        return known.verdict();
      }
      remembered.remove(key);
    }
    Verdict verdict = checker.check(token);
    if (verdict instanceof Verdict.Valid valid) {
      Instant longest = now.plus(LONGEST);
      Instant until = valid.until().filter(end -> end.isBefore(longest)).orElse(longest);
      synchronized (remembered) {
        remembered.put(key, new Remembered(valid, until));
      }
    }
    return verdict;
  }

  private static String hash(String token) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
