package io.sparkappliance.auth;

import java.util.regex.Pattern;

/** Asks nobody about what can't be a token: it would be sent on in a header or an address. */
final class WellFormedTokens implements TokenChecker {
  /** RFC 6750, section 2.1. */
  private static final Pattern SYNTAX = Pattern.compile("[A-Za-z0-9\\-._~+/]{1,16384}=*");

  private final TokenChecker checker;

  WellFormedTokens(TokenChecker checker) {
    this.checker = checker;
  }

  @Override
  public Verdict check(String token) {
    return SYNTAX.matcher(token).matches()
        ? checker.check(token)
        : new Verdict.Invalid("it is not written as tokens are");
  }
}
