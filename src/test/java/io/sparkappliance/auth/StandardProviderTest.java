package io.sparkappliance.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.UserRole;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against a provider of somebody else's making. */
class StandardProviderTest {
  private static final MockOAuth2Server SERVER = new MockOAuth2Server();

  /** It makes keys and loads classes when it is first asked, which takes longer than calls may. */
  @BeforeAll
  static void start() throws IOException {
    SERVER.start();
    for (String issuer : List.of("one", "two")) {
      try (InputStream in = SERVER.jwksUrl(issuer).url().openStream()) {
        in.readAllBytes();
      }
      token(issuer, "spark", 1);
    }
  }

  @AfterAll
  static void stop() {
    SERVER.shutdown();
  }

  private static String token(String issuer, String audience, long seconds) {
    return SERVER
        .issueToken(issuer, "ann", audience, Map.of("groups", List.of("admin")), seconds)
        .serialize();
  }

  private static TokenChecker oidc(String issuer) {
    return ProviderFixture.of(
            Clock.systemUTC(),
            "OIDC_ISSUER=" + SERVER.issuerUrl(issuer),
            "OIDC_AUDIENCE=spark",
            "ROLES_CLAIM=groups")
        .checker();
  }

  private static TokenChecker introspection(String... more) {
    URI token = SERVER.tokenEndpointUrl("one").uri();
    String[] variables = {
      "INTROSPECTION_URL=" + token.toString().replaceFirst("/token$", "/introspect"),
      "INTROSPECTION_CLIENT_ID=gateway",
      "INTROSPECTION_CLIENT_SECRET=hush hush",
      more.length == 0 ? "OAUTH2_AUDIENCE=spark" : more[0]
    };
    return ProviderFixture.of(Clock.systemUTC(), variables).checker();
  }

  private static void assertAnn(UserRole role, Verdict verdict) {
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Verdict.Valid.class,
            valid -> assertThat(valid.principal()).isEqualTo(new Principal("ann", role)));
  }

  @Test
  void its_signed_tokens_are_verified() {
    TokenChecker checker = oidc("one");
    assertAnn(UserRole.ADMIN, checker.check(token("one", "spark", 300)));
    assertThat(checker.check(token("one", "mail", 300))).isInstanceOf(Verdict.Invalid.class);
    assertThat(checker.check(token("one", "spark", -120))).isInstanceOf(Verdict.Invalid.class);
    assertThat(checker.check(token("two", "spark", 300))).isInstanceOf(Verdict.Invalid.class);
  }

  @Test
  void it_tells_whether_a_token_is_active() {
    TokenChecker checker = introspection();
    assertAnn(UserRole.USER, checker.check(token("one", "spark", 300)));
    assertThat(checker.check(token("one", "mail", 300))).isInstanceOf(Verdict.Invalid.class);
    assertThat(checker.check(token("one", "spark", -120))).isInstanceOf(Verdict.Invalid.class);
    assertThat(checker.check("opaque")).isEqualTo(new Verdict.Invalid("it is not active"));
    assertAnn(
        UserRole.USER, introspection("OAUTH2_AUDIENCE=mail").check(token("one", "mail", 300)));
  }
}
