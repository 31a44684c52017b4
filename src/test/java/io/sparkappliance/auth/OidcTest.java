package io.sparkappliance.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import io.sparkappliance.settings.UserRole;
import io.sparkappliance.testing.ClockByHand;
import io.sparkappliance.testing.TokenIssuer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OidcTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final RSAKey KEY = key("first");

  private final ClockByHand clock = new ClockByHand(NOW);
  private TokenIssuer issuer;
  private TokenChecker checker;

  private static RSAKey key(String id) {
    try {
      return TokenIssuer.rsa(id);
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  @BeforeEach
  void start() throws IOException {
    issuer = new TokenIssuer();
    issuer.publish(KEY.toPublicJWK());
    checker = checker();
  }

  @AfterEach
  void stop() {
    issuer.close();
  }

  private TokenChecker checker(String... more) {
    return ProviderFixture.of(
            clock,
            Stream.concat(
                    Stream.of("OIDC_ISSUER=" + issuer.issuer(), "OIDC_AUDIENCE=other,spark"),
                    Stream.of(more))
                .toArray(String[]::new))
        .checker();
  }

  private JWTClaimsSet.Builder claims() {
    return issuer.claims(NOW);
  }

  private static String signed(JWTClaimsSet.Builder claims) throws JOSEException {
    return TokenIssuer.signed(JWSAlgorithm.RS256, KEY, claims.build());
  }

  private void assertInvalid(String token) {
    assertThat(checker.check(token)).as(token).isInstanceOf(Verdict.Invalid.class);
  }

  private void assertAnn(String token) {
    assertThat(checker.check(token))
        .isInstanceOfSatisfying(
            Verdict.Valid.class,
            valid -> assertThat(valid.principal()).isEqualTo(new Principal("ann", UserRole.USER)));
  }

  @Test
  void tokens_signed_with_a_published_key_are_valid() throws Exception {
    var ec = TokenIssuer.ec("curve");
    issuer.publish(KEY.toPublicJWK(), ec.toPublicJWK());
    assertAnn(signed(claims()));
    assertAnn(TokenIssuer.signed(JWSAlgorithm.PS384, KEY, claims().build()));
    assertAnn(TokenIssuer.signed(JWSAlgorithm.ES256, ec, claims().build()));
    assertAnn(
        TokenIssuer.signed(
            JWSAlgorithm.RS256, KEY, claims().build(), new JOSEObjectType("at+jwt")));
    assertThat(issuer.keysAsked()).isEqualTo(1);
  }

  @Test
  void a_token_ends_and_begins_within_a_minute_of_its_times() throws Exception {
    Date then = Date.from(NOW.minus(Duration.ofSeconds(59)));
    assertAnn(signed(claims().expirationTime(then)));
    assertInvalid(signed(claims().expirationTime(Date.from(NOW.minus(Duration.ofSeconds(61))))));
    assertInvalid(signed(claims().expirationTime(null)));
    assertAnn(signed(claims().notBeforeTime(Date.from(NOW.plus(Duration.ofSeconds(59))))));
    assertInvalid(signed(claims().notBeforeTime(Date.from(NOW.plus(Duration.ofSeconds(62))))));
  }

  @Test
  void a_token_of_another_issuer_or_for_another_audience_is_not() throws Exception {
    assertInvalid(signed(claims().issuer(issuer.issuer() + "/")));
    assertInvalid(signed(claims().issuer(null)));
    assertInvalid(signed(claims().audience("mail")));
    assertInvalid(signed(claims().audience(List.of())));
    assertAnn(signed(claims().audience(List.of("mail", "spark"))));
  }

  @Test
  void a_token_that_nobody_signed_is_not() throws Exception {
    assertInvalid(TokenIssuer.unsigned(claims().build()));
    String token = signed(claims());
    String[] parts = token.split("\\.", -1);
    String boss =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                claims().subject("boss").build().toString().getBytes(StandardCharsets.UTF_8));
    assertInvalid(parts[0] + "." + boss + "." + parts[2]);
    assertInvalid(parts[0] + "." + parts[1] + ".");
    assertInvalid(parts[0] + "." + parts[1]);
    String none =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8));
    assertInvalid(none + "." + parts[1] + ".");
    assertInvalid(none + "." + parts[1] + "." + parts[2]);
    assertInvalid("opaque");
  }

  @Test
  void the_public_key_is_no_secret_to_sign_with() throws Exception {
    String pem =
        "-----BEGIN PUBLIC KEY-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(KEY.toPublicKey().getEncoded())
            + "\n-----END PUBLIC KEY-----\n";
    for (byte[] secret :
        List.of(
            pem.getBytes(StandardCharsets.UTF_8),
            KEY.toPublicKey().getEncoded(),
            KEY.toPublicJWK().toString().getBytes(StandardCharsets.UTF_8))) {
      assertInvalid(TokenIssuer.signedWithSecret(secret, "first", claims().build()));
    }
    // Not even where the issuer publishes a secret among its keys.
    byte[] published =
        "a secret that everybody can fetch from the issuer".getBytes(StandardCharsets.UTF_8);
    issuer.publish(
        KEY.toPublicJWK(), new OctetSequenceKey.Builder(published).keyID("shared").build());
    checker = checker();
    assertInvalid(TokenIssuer.signedWithSecret(published, "shared", claims().build()));
  }

  @Test
  void a_token_of_another_key_is_not_valid_whatever_it_calls_that() throws Exception {
    assertInvalid(TokenIssuer.signed(JWSAlgorithm.RS256, key("first"), claims().build()));
    assertInvalid(TokenIssuer.signed(JWSAlgorithm.RS256, key("unknown"), claims().build()));
  }

  @Test
  void a_new_key_is_found_at_once_but_not_looked_for_all_the_time() throws Exception {
    assertAnn(signed(claims()));
    RSAKey next = key("next");
    String token = TokenIssuer.signed(JWSAlgorithm.RS256, next, claims().build());
    issuer.publish(KEY.toPublicJWK(), next.toPublicJWK());
    clock.pass(Duration.ofSeconds(10));
    assertAnn(token);
    assertThat(issuer.keysAsked()).isEqualTo(2);
    for (int time = 0; time < 5; time++) {
      assertInvalid(TokenIssuer.signed(JWSAlgorithm.RS256, key("unknown"), claims().build()));
    }
    assertThat(issuer.keysAsked()).isEqualTo(2);
    clock.pass(Duration.ofSeconds(10));
    assertInvalid(TokenIssuer.signed(JWSAlgorithm.RS256, key("unknown"), claims().build()));
    assertThat(issuer.keysAsked()).isEqualTo(3);
  }

  @Test
  void a_key_that_is_withdrawn_is_forgotten_after_ten_minutes() throws Exception {
    String token = signed(claims().expirationTime(Date.from(NOW.plus(Duration.ofHours(9)))));
    assertAnn(token);
    issuer.publish(key("next").toPublicJWK());
    clock.pass(Duration.ofMinutes(9));
    assertAnn(token);
    clock.pass(Duration.ofMinutes(1));
    assertInvalid(token);
  }

  @Test
  void an_issuer_that_is_away_for_a_while_keeps_nobody_out() throws Exception {
    String token = signed(claims().expirationTime(Date.from(NOW.plus(Duration.ofHours(9)))));
    assertAnn(token);
    issuer.close();
    clock.pass(Duration.ofMinutes(59));
    assertAnn(token);
    clock.pass(Duration.ofMinutes(1));
    assertThat(checker.check(token)).isInstanceOf(Verdict.Unknown.class);
  }

  @Test
  void without_keys_nobody_can_tell() throws Exception {
    issuer.server().answer("/keys", 503, "{}");
    assertThat(checker.check(signed(claims()))).isInstanceOf(Verdict.Unknown.class);
    issuer
        .server()
        .answer("/.well-known/openid-configuration", 200, "{\"issuer\": \"https://evil.example\"}");
    checker = checker();
    assertThat(checker.check(signed(claims())))
        .isInstanceOfSatisfying(
            Verdict.Unknown.class,
            unknown -> assertThat(unknown.why()).contains("another issuer than OIDC_ISSUER"));
  }

  @Test
  void scopes_and_roles_are_claims() throws Exception {
    checker = checker("OAUTH2_SCOPE=spark", "ROLES_CLAIM=https://example.org/groups");
    JWTClaimsSet.Builder claims =
        claims()
            .claim("scope", "openid spark")
            .claim("https://example.org/groups", List.of("admin"));
    assertThat(checker.check(signed(claims)))
        .isInstanceOfSatisfying(
            Verdict.Valid.class,
            valid -> assertThat(valid.principal().role()).isEqualTo(UserRole.ADMIN));
    assertThat(checker.check(signed(claims.claim("scope", "openid"))))
        .isEqualTo(new Verdict.LacksScope("ann", List.of("spark")));
    claims.claim("scope", "spark").claim("https://example.org/groups", List.of("x"));
    assertThat(checker.check(signed(claims))).isEqualTo(new Verdict.HasNoRole("ann"));
  }
}
