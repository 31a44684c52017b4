package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.sparkappliance.auth.Tokens;
import io.sparkappliance.settings.Secret;
import java.util.Optional;

/** Lets a call through when it carries the token. */
final class Guard {
  private static final String SCHEME = "Bearer ";
  private static final String CHALLENGE = "Bearer realm=\"spark-appliance\"";

  private final Optional<Secret> token;

  /**
   * Guards with a token.
   *
   * @param token empty: everybody is let through
   */
  Guard(Optional<Secret> token) {
    this.token = token;
  }

  /** The same handler, for those who may. */
  Handler guarded(Handler handler) {
    return context -> {
      if (token.isEmpty()) {
        handler.handle(context);
        return;
      }
      Optional<String> given = bearer(context);
      if (given.isPresent() && Tokens.same(token.get().reveal(), given.get())) {
        handler.handle(context);
      } else if (given.isPresent()) {
        refuse(context, CHALLENGE + ", error=\"invalid_token\"", "This token is not valid.");
      } else {
        refuse(
            context,
            CHALLENGE,
            "A token is needed: send the header 'Authorization: Bearer TOKEN'. The node printed it"
                + " at its first start and keeps it in secrets/api-token of its data volume.");
      }
    };
  }

  private static Optional<String> bearer(Context context) {
    String header = context.header("Authorization");
    return header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? Optional.of(header.substring(SCHEME.length()).strip())
        : Optional.empty();
  }

  private static void refuse(Context context, String challenge, String sentence) {
    context.header("WWW-Authenticate", challenge);
    // The body of a refused upload is not read.
    context.header("Connection", "close");
    Answers.error(context, 401, sentence);
  }
}
