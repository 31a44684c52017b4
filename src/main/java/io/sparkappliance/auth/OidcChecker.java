package io.sparkappliance.auth;

import java.util.Map;

/** Verifies signed access tokens; the provider is asked for its keys alone. */
final class OidcChecker implements TokenChecker {
  private final SignedTokens tokens;
  private final Claims claims;

  OidcChecker(SignedTokens tokens, Claims claims) {
    this.tokens = tokens;
    this.claims = claims;
  }

  @Override
  public Verdict check(String token) {
    try {
      Map<String, Object> of = tokens.claims(token);
      return claims.verdict(of, Claims.moment(of, "exp"));
    } catch (SignedTokens.BadTokenException bad) {
      return new Verdict.Invalid(bad.getMessage());
    } catch (ProviderException trouble) {
      return new Verdict.Unknown(trouble.getMessage());
    }
  }
}
