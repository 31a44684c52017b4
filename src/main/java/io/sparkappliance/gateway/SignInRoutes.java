package io.sparkappliance.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.sparkappliance.auth.ProviderException;
import io.sparkappliance.auth.SignIn;
import io.sparkappliance.auth.Signer;
import io.sparkappliance.auth.Tokens;
import io.sparkappliance.auth.Verdict;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/** How a browser gets a session, and gives it back. */
final class SignInRoutes {
  static final String SIGN_IN = "/sign-in";
  static final String CALLBACK = "/sign-in/callback";
  static final String SIGN_OUT = "/sign-out";

  /** People type passwords meanwhile, and second factors. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** Of one attempt: two tabs may be at the provider at the same time. */
  private static final String COOKIE = "spark-sign-in-";

  /** Of how many attempts a browser keeps one each; they are sent with every call. */
  private static final int COOKIES = 8;

  private static final String PURPOSE = "sign-in";
  private static final String RETURN_TO = "return_to";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SignIn provider;
  private final Sessions sessions;
  private final Signer signer;
  private final FailureLimit failures;
  private final InstantSource clock;

  /** What a browser keeps for us while it is at the provider. */
  private record Begun(String state, String returnTo, Instant until) {}

  SignInRoutes(
      SignIn provider,
      Sessions sessions,
      Signer signer,
      FailureLimit failures,
      InstantSource clock) {
    this.provider = provider;
    this.sessions = sessions;
    this.signer = signer;
    this.failures = failures;
    this.clock = clock;
  }

  /** Where a sign-in begins that leads back to a path. */
  static String address(String path) {
    return SIGN_IN + "?" + RETURN_TO + "=" + URLEncoder.encode(path, StandardCharsets.UTF_8);
  }

  /** Sends the browser to the provider. */
  void begin(Context context) {
    String state = Tokens.generate();
    ObjectNode content =
        JSON.createObjectNode()
            .put("state", state)
            .put(RETURN_TO, safe(context.queryParam(RETURN_TO)))
            .put("until", clock.instant().plus(LONGEST).getEpochSecond());
    try {
      URI there = provider.begin(attempt(state), comeBack(context));
      context.cookie(
          Sessions.cookie(
              context,
              cookie(state),
              signer.sign(PURPOSE, content.toString()),
              (int) LONGEST.toSeconds(),
              true));
      redirect(context, there.toString());
    } catch (ProviderException trouble) {
      throw Guard.unreachable(new Verdict.Unknown(trouble.getMessage()));
    }
  }

  /** The browser comes back with a code. */
  void end(Context context) {
    AuditLog.what(context, "sign-in");
    failures.check(context.ip());
    Optional<Begun> known = begun(context);
    if (known.isEmpty() && sessions.of(context).isPresent()) {
      // Another tab was quicker.
      redirect(context, "/ui");
      return;
    }
    Begun begun =
        known.orElseThrow(() -> failed(context, "it was not begun here, or too long ago"));
    context.cookie(Sessions.cookie(context, cookie(begun.state()), "", 0, true));
    String code = context.queryParam("code");
    if (code == null) {
      throw new RefusedException(
          403, "The identity provider has not let you in. Go back to the page and try again.");
    }
    switch (provider.end(code, attempt(begun.state()), comeBack(context))) {
      case Verdict.Valid valid -> {
        sessions.begin(context, valid.principal());
        AuditLog.name(context, valid.principal().name());
        redirect(context, begun.returnTo());
      }
      case Verdict.Invalid invalid -> throw failed(context, invalid.why());
      case Verdict.LacksScope lacks ->
          throw new RefusedException(
                  403, "You lack the scope " + String.join(" ", lacks.missing()) + ".")
              .by(lacks.name());
      case Verdict.HasNoRole nobody -> throw Guard.withoutRole(nobody.name());
      case Verdict.Unknown unknown -> throw Guard.unreachable(unknown);
    }
  }

  /** Ends the session; the provider's own goes on. */
  void signOut(Context context) {
    AuditLog.what(context, "sign-out");
    sessions.end(context);
    context.status(204);
  }

  private Optional<Begun> begun(Context context) {
    String state = context.queryParam("state");
    if (state == null) {
      return Optional.empty();
    }
    return Optional.ofNullable(context.cookie(cookie(state)))
        .flatMap(value -> signer.verify(PURPOSE, value))
        .flatMap(SignInRoutes::parse)
        .filter(it -> it.until().isAfter(clock.instant()))
        .filter(it -> Tokens.same(it.state(), state));
  }

  private static String cookie(String state) {
    return COOKIE + Math.floorMod(state.hashCode(), COOKIES);
  }

  private static Optional<Begun> parse(String content) {
    try {
      JsonNode json = JSON.readTree(content);
      return Optional.of(
          new Begun(
              json.path("state").asText(),
              json.path(RETURN_TO).asText(),
              Instant.ofEpochSecond(json.path("until").asLong())));
    } catch (JsonProcessingException ofAnotherVersion) {
      return Optional.empty();
    }
  }

  private RefusedException failed(Context context, String why) {
    failures.add(context.ip());
    return new RefusedException(
        403,
        "This sign-in does not count: "
            + Answers.printable(why).replace('?', ' ')
            + ". Go back to the page and try again.");
  }

  /** What is proved with a state can be made of it again, by us alone. */
  private SignIn.Attempt attempt(String state) {
    return new SignIn.Attempt(
        state, signer.derive("nonce", state), signer.derive("verifier", state));
  }

  /** The provider compares it with what is registered there. */
  private static URI comeBack(Context context) {
    return URI.create(context.scheme() + "://" + context.host() + CALLBACK);
  }

  private static void redirect(Context context, String to) {
    context.status(302).header("Location", to);
  }

  /** A path of this server: nobody is sent elsewhere by a link that begins here. */
  static String safe(String path) {
    boolean ours =
        path != null
            && path.length() <= 1000
            && path.matches("/[A-Za-z0-9._~/?&=%+,:@#-]*")
            && !path.startsWith("//")
            && !path.startsWith(SIGN_IN);
    return ours ? path : "/";
  }
}
