package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.sparkappliance.auth.Principal;
import io.sparkappliance.auth.TokenChecker;
import io.sparkappliance.auth.Verdict;
import io.sparkappliance.settings.UserRole;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a call through when it carries a token, or the cookie of somebody who signed in, of a person
 * whose role is enough. Where a provider tells people apart, that is so for every call but those
 * few that are open by their nature, whoever adds one.
 */
final class Guard {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

  private static final String SCHEME = "Bearer ";
  private static final String CHALLENGE = "Bearer realm=\"spark-appliance\"";
  private static final String PRINCIPAL = "principal";
  private static final String CSRF_HEADER = "X-CSRF-Token";

  private static final Set<HandlerType> SAFE =
      Set.of(HandlerType.GET, HandlerType.HEAD, HandlerType.OPTIONS);

  /**
   * Balancers ask the first; the others are how one gets a session. Addresses of Spark's pages
   * carry what lets in.
   */
  private static final List<String> OPEN =
      List.of("/healthz", SignInRoutes.SIGN_IN, SignInRoutes.CALLBACK);

  private final Optional<TokenChecker> checker;
  private final Optional<Sessions> sessions;
  private final boolean everything;
  private final FailureLimit failures;

  /**
   * Guards by tokens.
   *
   * @param checker empty: everybody is let through
   * @param sessions of browsers; empty: nobody can sign in
   * @param everything whether calls ask that nobody guarded
   * @param failures of whom to take no more attempts
   */
  Guard(
      Optional<TokenChecker> checker,
      Optional<Sessions> sessions,
      boolean everything,
      FailureLimit failures) {
    this.checker = checker;
    this.sessions = sessions;
    this.everything = everything;
    this.failures = failures;
  }

  /** For every call, before anything else of it. */
  void admit(Context context) {
    boolean open =
        OPEN.contains(withoutSlash(context.path())) || SparkPageRoutes.carriesPass(context.path());
    if (everything && !open) {
      authenticate(context);
    }
  }

  private static String withoutSlash(String path) {
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  /** The same handler, for those whose role is enough. */
  Handler asks(UserRole needed, Handler handler) {
    return context -> {
      Principal principal = authenticate(context);
      if (!principal.role().covers(needed)) {
        throw new RefusedException(
            403,
            "Your role is "
                + Names.of(principal.role())
                + "; this needs "
                + Names.of(needed)
                + ".");
      }
      handler.handle(context);
    };
  }

  /** A GET for everybody who has a role. */
  Route reads(String path, Handler handler) {
    return new Route(HandlerType.GET, path, asks(UserRole.READER, handler));
  }

  /** A call for those who may submit. */
  Route changes(HandlerType method, String path, Handler handler) {
    return new Route(method, path, asks(UserRole.USER, handler));
  }

  /** Who calls; on calls that are open to all, nobody. */
  static Optional<Principal> principal(Context context) {
    return Optional.ofNullable(context.<Principal>attribute(PRINCIPAL));
  }

  /** By which name whoever calls owns jobs; only where {@link #asks} let them through. */
  static String owner(Context context) {
    return principal(context).orElseThrow().name();
  }

  /** Whose jobs whoever calls may see and end; empty: everybody's. */
  static Optional<String> whoseJobs(Context context) {
    Principal caller = principal(context).orElseThrow();
    return caller.role().covers(UserRole.ADMIN) ? Optional.empty() : Optional.of(caller.name());
  }

  private Principal authenticate(Context context) {
    Optional<Principal> known = principal(context);
    if (known.isPresent()) {
      return known.get();
    }
    Principal principal = checker.isEmpty() ? anybody(context) : identify(context, checker.get());
    context.attribute(PRINCIPAL, principal);
    return principal;
  }

  /** Everybody who reaches the port means to; pages that somebody else's browser shows do not. */
  private static Principal anybody(Context context) {
    if (!SAFE.contains(context.method()) && isOfAnotherPage(context)) {
      throw new RefusedException(
          403, "A page of another address may not change anything here: it has no token.");
    }
    return Principal.LOCAL;
  }

  /** By what browsers say (Fetch Metadata, and Origin of the Fetch standard); programs don't. */
  private static boolean isOfAnotherPage(Context context) {
    String site = context.header("Sec-Fetch-Site");
    if (site != null) {
      return !site.equals("same-origin") && !site.equals("none");
    }
    String origin = context.header("Origin");
    if (origin == null) {
      return false;
    }
    // A page can't say by itself what a proxy was called; one may call us by another name.
    String page = origin.replaceFirst("^https?://", "");
    return !page.equals(context.host()) && !page.equals(context.header("X-Forwarded-Host"));
  }

  private Principal identify(Context context, TokenChecker tokens) {
    Optional<String> given = bearer(context);
    if (given.isPresent()) {
      return byToken(context, tokens, given.get());
    }
    Optional<Sessions.Session> session = sessions.flatMap(it -> it.of(context));
    if (session.isEmpty()) {
      throw nobody(context);
    }
    boolean meant =
        SAFE.contains(context.method())
            || sessions.get().isCsrfToken(session.get(), context.header(CSRF_HEADER));
    if (!meant) {
      throw new RefusedException(
          403,
          "A browser has to send the header "
              + CSRF_HEADER
              + " with the value of the cookie "
              + Sessions.CSRF_COOKIE
              + ".");
    }
    return session.get().principal();
  }

  private Principal byToken(Context context, TokenChecker tokens, String token) {
    String address = context.ip();
    failures.check(address);
    return switch (tokens.check(token)) {
      case Verdict.Valid valid -> valid.principal();
      case Verdict.Invalid invalid -> {
        LOG.info("a token from {} is not valid: {}", address, Answers.printable(invalid.why()));
        failures.add(address);
        throw new RefusedException(401, "This token is not valid.")
            .signingInBy(wayIn())
            .with("WWW-Authenticate", CHALLENGE + ", error=\"invalid_token\"");
      }
      case Verdict.LacksScope lacks ->
          throw new RefusedException(
                  403, "This token lacks the scope " + String.join(" ", lacks.missing()) + ".")
              .by(lacks.name())
              .with(
                  "WWW-Authenticate",
                  CHALLENGE
                      + ", error=\"insufficient_scope\", scope=\""
                      + String.join(" ", lacks.missing())
                      + "\"");
      case Verdict.HasNoRole nobody -> throw withoutRole(nobody.name());
      case Verdict.Unknown unknown -> throw unreachable(unknown);
    };
  }

  static RefusedException withoutRole(String name) {
    return new RefusedException(
            403, "You have no role here: none of those that your identity provider tells counts.")
        .by(name);
  }

  static RefusedException unreachable(Verdict.Unknown unknown) {
    LOG.warn("the identity provider can't be asked: {}", Answers.printable(unknown.why()));
    return new RefusedException(
            503, "Not now: the identity provider does not answer, so nobody can tell who you are.")
        .with("Retry-After", "10");
  }

  private RefusedException nobody(Context context) {
    if (sessions.isPresent() && isPage(context)) {
      return new RefusedException(302, "Sign in first.")
          .with("Location", SignInRoutes.address(context.path()));
    }
    return new RefusedException(401, everything ? TELL_WHO : TELL_TOKEN)
        .signingInBy(wayIn())
        .with("WWW-Authenticate", CHALLENGE);
  }

  private String wayIn() {
    return sessions.isPresent() ? "oidc" : "token";
  }

  /** What a person opens, and no program. */
  private static boolean isPage(Context context) {
    String accept = context.header("Accept");
    return context.method().equals(HandlerType.GET)
        && accept != null
        && accept.contains("text/html");
  }

  private static final String TELL_WHO =
      "A token is needed: send the header 'Authorization: Bearer TOKEN' with one of your identity"
          + " provider's.";

  private static final String TELL_TOKEN =
      "A token is needed: send the header 'Authorization: Bearer TOKEN'. The node printed it"
          + " at its first start and keeps it in secrets/api-token of its data volume.";

  private static Optional<String> bearer(Context context) {
    String header = context.header("Authorization");
    return header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? Optional.of(header.substring(SCHEME.length()).strip())
        : Optional.empty();
  }
}
