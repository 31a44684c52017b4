package io.sparkappliance.auth;

import io.sparkappliance.settings.Secret;
import java.util.Optional;

/** The node's own token: whoever has it may do everything. */
public final class LocalTokenChecker implements TokenChecker {
  private final Secret token;

  /** Knows this token alone. */
  public LocalTokenChecker(Secret token) {
    this.token = token;
  }

  @Override
  public Verdict check(String given) {
    return Tokens.same(token.reveal(), given)
        ? new Verdict.Valid(Principal.LOCAL, Optional.empty())
        : new Verdict.Invalid("it is not the node's");
  }
}
