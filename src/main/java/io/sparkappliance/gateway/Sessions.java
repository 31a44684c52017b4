package io.sparkappliance.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import io.sparkappliance.auth.Principal;
import io.sparkappliance.auth.Signer;
import io.sparkappliance.auth.Tokens;
import io.sparkappliance.settings.UserRole;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Browsers that are signed in. A session is in its cookie, signed: any gateway with the same key
 * knows it, also after a restart.
 */
final class Sessions {
  /** Scripts of the page can read this one, those of other sites can't. */
  static final String CSRF_COOKIE = "csrf";

  private static final String COOKIE = "spark-session";
  private static final String PURPOSE = "session";
  private static final int MOST_ENDED = 10_000;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Signer signer;
  private final Duration lifetime;
  private final InstantSource clock;

  /** Signed out here: a copy of the cookie must not serve on. */
  private final Map<String, Instant> ended =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
          return size() > MOST_ENDED || !eldest.getValue().isAfter(clock.instant());
        }
      };

  /**
   * Somebody's.
   *
   * @param id random
   * @param principal who signed in
   * @param until when it ends
   */
  record Session(String id, Principal principal, Instant until) {}

  Sessions(Signer signer, Duration lifetime, InstantSource clock) {
    this.signer = signer;
    this.lifetime = lifetime;
    this.clock = clock;
  }

  /** Begins one. */
  void begin(Context context, Principal principal) {
    Session session = new Session(Tokens.generate(), principal, clock.instant().plus(lifetime));
    ObjectNode content =
        JSON.createObjectNode()
            .put("id", session.id())
            .put("name", principal.name())
            .put("role", principal.role().name())
            .put("until", session.until().getEpochSecond());
    int seconds = Math.toIntExact(Math.min(lifetime.toSeconds(), Integer.MAX_VALUE));
    context.cookie(
        cookie(context, COOKIE, signer.sign(PURPOSE, content.toString()), seconds, true));
    context.cookie(cookie(context, CSRF_COOKIE, csrfToken(session), seconds, false));
  }

  /** Whose browser it is. */
  Optional<Session> of(Context context) {
    return Optional.ofNullable(context.cookie(COOKIE))
        .flatMap(value -> signer.verify(PURPOSE, value))
        .flatMap(Sessions::parse)
        .filter(session -> session.until().isAfter(clock.instant()))
        .filter(session -> !hasEnded(session));
  }

  private boolean hasEnded(Session session) {
    synchronized (ended) {
      return ended.containsKey(session.id());
    }
  }

  private static Optional<Session> parse(String content) {
    try {
      JsonNode json = JSON.readTree(content);
      return Optional.of(
          new Session(
              json.path("id").asText(),
              new Principal(
                  json.path("name").asText(), UserRole.valueOf(json.path("role").asText())),
              Instant.ofEpochSecond(json.path("until").asLong())));
    } catch (JsonProcessingException | IllegalArgumentException ofAnotherVersion) {
      return Optional.empty();
    }
  }

  /** Whether a call was meant by whoever signed in, and not by another site. */
  boolean isCsrfToken(Session session, String given) {
    return given != null && Tokens.same(csrfToken(session), given);
  }

  private String csrfToken(Session session) {
    return signer.derive("csrf", session.id());
  }

  /** Ends the one of a browser, if there is one. */
  void end(Context context) {
    of(context)
        .ifPresent(
            session -> {
              synchronized (ended) {
                ended.put(session.id(), session.until());
              }
            });
    context.cookie(cookie(context, COOKIE, "", 0, true));
    context.cookie(cookie(context, CSRF_COOKIE, "", 0, false));
  }

  /** One that browsers send to this server alone, and by TLS alone where there is TLS. */
  static Cookie cookie(Context context, String name, String value, int seconds, boolean httpOnly) {
    return new Cookie(
        name, value, "/", seconds, context.scheme().equals("https"), httpOnly, null, SameSite.LAX);
  }
}
