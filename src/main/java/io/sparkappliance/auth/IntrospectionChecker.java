package io.sparkappliance.auth;

import io.sparkappliance.settings.Settings;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Asks an introspection endpoint (RFC 7662). */
final class IntrospectionChecker implements TokenChecker {
  private final Settings.Introspection provider;
  private final Set<String> audiences;
  private final Claims claims;
  private final ProviderCalls calls;
  private final InstantSource clock;

  /**
   * @param audiences one of which a token must have; none: that is not checked
   */
  IntrospectionChecker(
      Settings.Introspection provider,
      Set<String> audiences,
      Claims claims,
      ProviderCalls calls,
      InstantSource clock) {
    this.provider = provider;
    this.audiences = audiences;
    this.claims = claims;
    this.calls = calls;
    this.clock = clock;
  }

  @Override
  public Verdict check(String token) {
    try {
      ProviderCalls.Answer answer =
          calls.post(
              provider.url(),
              Map.of(
                  "Authorization",
                  ProviderCalls.basic(provider.clientId(), provider.clientSecret())),
              Map.of("token", token, "token_type_hint", "access_token"));
      // A token that is not valid is answered with 200; 401 concerns the gateway's own login.
      return answer.status() == 200
          ? verdict(answer.object())
          : new Verdict.Unknown("introspection answered " + answer.status());
    } catch (ProviderException trouble) {
      return new Verdict.Unknown("introspection: " + trouble.getMessage());
    }
  }

  private Verdict verdict(Map<String, Object> answer) {
    if (!Boolean.TRUE.equals(answer.get("active"))) {
      return new Verdict.Invalid("it is not active");
    }
    Duration skew = Duration.ofSeconds(SignedTokens.SKEW_SECONDS);
    Instant now = clock.instant();
    Optional<Instant> until = Claims.moment(answer, "exp");
    if (until.filter(end -> !end.plus(skew).isAfter(now)).isPresent()) {
      return new Verdict.Invalid("it has expired");
    }
    if (Claims.moment(answer, "nbf").filter(begin -> begin.minus(skew).isAfter(now)).isPresent()) {
      return new Verdict.Invalid("it is not valid yet");
    }
    if (!audiences.isEmpty() && !Claims.isFor(answer, audiences)) {
      return new Verdict.Invalid("it is meant for others");
    }
    return claims.verdict(answer, until);
  }
}
