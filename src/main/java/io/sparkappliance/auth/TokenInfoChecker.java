package io.sparkappliance.auth;

import io.sparkappliance.settings.Settings;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/**
 * Asks a tokeninfo endpoint: 200 with {@code uid}, {@code scope} (a list) and {@code expires_in}
 * (seconds) for a valid token, 400 or 401 for any other.
 */
final class TokenInfoChecker implements TokenChecker {
  private final Settings.TokenInfo provider;
  private final Claims claims;
  private final ProviderCalls calls;
  private final InstantSource clock;

  TokenInfoChecker(
      Settings.TokenInfo provider, Claims claims, ProviderCalls calls, InstantSource clock) {
    this.provider = provider;
    this.claims = claims;
    this.calls = calls;
    this.clock = clock;
  }

  @Override
  public Verdict check(String token) {
    try {
      ProviderCalls.Answer answer = ask(token);
      return switch (answer.status()) {
        case 200 -> verdict(answer.object());
        case 400, 401 -> new Verdict.Invalid("tokeninfo answered " + answer.status());
        default -> new Verdict.Unknown("tokeninfo answered " + answer.status());
      };
    } catch (ProviderException trouble) {
      return new Verdict.Unknown("tokeninfo: " + trouble.getMessage());
    }
  }

  /** In one place, never in both: servers refuse that, and addresses get into logs. */
  private ProviderCalls.Answer ask(String token) throws ProviderException {
    URI url = provider.url();
    return switch (provider.tokenIn()) {
      case HEADER -> calls.get(url, Map.of("Authorization", "Bearer " + token));
      case QUERY -> calls.get(ProviderCalls.with(url, Map.of("access_token", token)), Map.of());
    };
  }

  private Verdict verdict(Map<String, Object> answer) {
    Optional<Instant> until =
        answer.get("expires_in") instanceof Number seconds
            ? Optional.of(clock.instant().plusSeconds(seconds.longValue()))
            : Optional.empty();
    if (until.isPresent() && !until.get().isAfter(clock.instant())) {
      return new Verdict.Invalid("it has expired");
    }
    return claims.verdict(answer, until);
  }
}
