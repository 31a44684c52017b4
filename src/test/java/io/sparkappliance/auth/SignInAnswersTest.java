package io.sparkappliance.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import io.sparkappliance.settings.UserRole;
import io.sparkappliance.testing.FakeProvider;
import io.sparkappliance.testing.TokenIssuer;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a token endpoint may answer to a code, and what counts of it. */
class SignInAnswersTest {
  private static final URI COME_BACK = URI.create("http://gateway/sign-in/callback");
  private static final SignIn.Attempt ATTEMPT = new SignIn.Attempt("state", "nonce", "verifier");

  private TokenIssuer issuer;
  private RSAKey key;
  private SignIn signIn;

  @BeforeEach
  void start() throws IOException, JOSEException {
    issuer = new TokenIssuer();
    key = TokenIssuer.rsa("key");
    issuer.publish(key.toPublicJWK());
    signIn = signIn("OAUTH2_CLIENT_SECRET=hush hush");
  }

  @AfterEach
  void stop() {
    issuer.close();
  }

  private SignIn signIn(String more) {
    return ProviderFixture.of(
            Clock.systemUTC(),
            "OIDC_ISSUER=" + issuer.issuer(),
            "OAUTH2_CLIENT_ID=spark",
            "OAUTH2_SCOPE=jobs",
            more)
        .signIn()
        .orElseThrow();
  }

  private JWTClaimsSet.Builder claims() {
    return issuer.claims(Clock.systemUTC().instant()).claim("nonce", "nonce");
  }

  private String signed(JWTClaimsSet.Builder claims) throws JOSEException {
    return TokenIssuer.signed(JWSAlgorithm.RS256, key, claims.build());
  }

  private Verdict end(String access, JWTClaimsSet.Builder id) throws JOSEException {
    return end(access, signed(id), "");
  }

  private Verdict end(String access, String id, String more) {
    issuer
        .server()
        .answer(
            "/token",
            200,
            "{\"access_token\": \"%s\", \"id_token\": \"%s\"%s}".formatted(access, id, more));
    return signIn.end("the code", ATTEMPT, COME_BACK);
  }

  private static void assertAnn(Verdict verdict) {
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Verdict.Valid.class,
            valid -> assertThat(valid.principal()).isEqualTo(new Principal("ann", UserRole.USER)));
  }

  @Test
  void a_code_is_exchanged_with_its_verifier_and_the_clients_login() throws Exception {
    assertAnn(end("opaque", claims()));
    FakeProvider.Request asked =
        issuer.server().requests().stream()
            .filter(request -> request.path().equals("/token"))
            .findFirst()
            .orElseThrow();
    // spark:hush+hush
    assertThat(asked.authorization()).contains("Basic c3Bhcms6aHVzaCtodXNo");
    assertThat(asked.body())
        .isEqualTo(
            "grant_type=authorization_code&code=the+code"
                + "&redirect_uri=http%3A%2F%2Fgateway%2Fsign-in%2Fcallback&code_verifier=verifier");
  }

  @Test
  void the_challenge_is_the_verifiers_hash() throws Exception {
    assertThat(signIn.begin(ATTEMPT, COME_BACK).getRawQuery())
        .contains(
            // printf verifier | sha256sum, in URL-safe base 64.
            "code_challenge=iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ",
            "state=state",
            "nonce=nonce",
            "scope=openid+jobs");
  }

  @Test
  void an_id_token_of_another_sign_in_client_or_time_is_none() throws Exception {
    for (JWTClaimsSet.Builder claims :
        List.of(
            claims().claim("nonce", "other"),
            claims().claim("nonce", null),
            claims().audience("mail"),
            claims().audience(List.of("mail", "spark")).claim("azp", "mail"),
            claims().issuer("https://evil.example"),
            claims().expirationTime(Date.from(Instant.EPOCH)),
            claims().subject("local"))) {
      assertThat(end("opaque", claims)).isInstanceOf(Verdict.Invalid.class);
    }
    assertThat(end("opaque", TokenIssuer.unsigned(claims().build()), ""))
        .isInstanceOf(Verdict.Invalid.class);
  }

  @Test
  void two_tokens_of_one_answer_name_one_person() throws Exception {
    String bobs = signed(claims().subject("bob").claim("scope", "jobs"));
    assertThat(end(bobs, claims())).isInstanceOf(Verdict.Invalid.class);
    assertAnn(end(signed(claims().claim("scope", "jobs")), claims()));
  }

  @Test
  void scopes_that_were_not_granted_are_missing() throws Exception {
    String id = signed(claims());
    assertThat(end("opaque", id, ", \"scope\": \"openid\""))
        .isEqualTo(new Verdict.LacksScope("ann", List.of("jobs")));
    assertAnn(end("opaque", id, ", \"scope\": \"openid jobs\""));
    assertThat(end(signed(claims().claim("scope", "openid")), id, ""))
        .isEqualTo(new Verdict.LacksScope("ann", List.of("jobs")));
  }

  @Test
  void an_endpoint_that_fails_signs_nobody_in() throws Exception {
    issuer.server().answer("/token", 400, "{\"error\": \"invalid_grant\"}");
    assertThat(signIn.end("code", ATTEMPT, COME_BACK)).isInstanceOf(Verdict.Invalid.class);
    for (int status : new int[] {401, 404, 500}) {
      issuer.server().answer("/token", status, "{}");
      assertThat(signIn.end("code", ATTEMPT, COME_BACK)).isInstanceOf(Verdict.Unknown.class);
    }
    issuer.server().answer("/token", 200, "{\"access_token\": \"x\"}");
    assertThat(signIn.end("code", ATTEMPT, COME_BACK)).isInstanceOf(Verdict.Unknown.class);
  }
}
