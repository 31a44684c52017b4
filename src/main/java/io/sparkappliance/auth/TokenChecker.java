package io.sparkappliance.auth;

/** Tells whose a bearer token is. */
@FunctionalInterface
public interface TokenChecker {
  /**
   * Looks at a token; may ask a provider, for some seconds at most.
   *
   * @param token as it was sent, not empty
   */
  Verdict check(String token);
}
