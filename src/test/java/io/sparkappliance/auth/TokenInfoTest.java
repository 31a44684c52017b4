package io.sparkappliance.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.UserRole;
import io.sparkappliance.testing.ClockByHand;
import io.sparkappliance.testing.FakeProvider;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenInfoTest {
  private static final String ANN =
      """
      {"uid": "ann", "scope": ["uid", "cn"], "realm": "/employees", "expires_in": 3600, "uid_flag": true}""";

  private final ClockByHand clock = new ClockByHand(Instant.parse("2026-03-01T12:00:00Z"));
  private FakeProvider server;

  @BeforeEach
  void start() throws IOException {
    server = new FakeProvider();
    server.answer("/tokeninfo", 200, ANN);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private TokenChecker checker(String... more) {
    String[] variables = new String[more.length + 1];
    variables[0] = "TOKENINFO_URL=" + server.url("/tokeninfo");
    System.arraycopy(more, 0, variables, 1, more.length);
    return ProviderFixture.of(clock, variables).checker();
  }

  private static Principal who(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Valid.class);
    return ((Verdict.Valid) verdict).principal();
  }

  @Test
  void a_token_goes_into_the_header_alone() {
    assertThat(who(checker().check("t.o-k~e+n/=="))).isEqualTo(new Principal("ann", UserRole.USER));
    assertThat(server.requests())
        .containsExactly(
            new FakeProvider.Request(
                "/tokeninfo", Optional.empty(), Optional.of("Bearer t.o-k~e+n/=="), ""));
  }

  @Test
  void or_into_the_query_alone_where_a_server_knows_nothing_else() {
    who(checker("TOKENINFO_TOKEN_IN=query").check("a+b/c="));
    assertThat(server.requests())
        .containsExactly(
            new FakeProvider.Request(
                "/tokeninfo", Optional.of("access_token=a%2Bb%2Fc%3D"), Optional.empty(), ""));
  }

  @Test
  void the_query_of_an_address_is_kept() {
    TokenChecker checker =
        ProviderFixture.of(
                clock, "TOKENINFO_URL=" + server.url("/tokeninfo?x=1"), "TOKENINFO_TOKEN_IN=query")
            .checker();
    who(checker.check("abc"));
    assertThat(server.requests().getFirst().query()).contains("x=1&access_token=abc");
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401})
  void an_invalid_token_is_told_by_the_status(int status) {
    server.answer("/tokeninfo", status, "{\"error\": \"invalid_token\"}");
    assertThat(checker().check("abc")).isInstanceOf(Verdict.Invalid.class);
  }

  @Test
  void a_token_without_the_scope_is_somebodys_all_the_same() {
    assertThat(checker("OAUTH2_SCOPE=uid spark.write").check("abc"))
        .isEqualTo(new Verdict.LacksScope("ann", List.of("spark.write")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"scope\": [\"uid\"]}",
        "{\"uid\": \"\", \"scope\": [\"uid\"]}",
        "{\"uid\": \"a\\nb\", \"scope\": [\"uid\"]}",
        "{\"uid\": {\"a\": 1}, \"scope\": [\"uid\"]}",
        "{\"uid\": \"local\", \"scope\": [\"uid\"]}",
        "{\"uid\": \"ann\", \"scope\": [\"uid\"], \"expires_in\": 0}",
        "{\"uid\": \"ann\", \"scope\": [\"uid\"], \"expires_in\": -5}"
      })
  void an_answer_that_names_nobody_makes_no_token_valid(String answer) {
    server.answer("/tokeninfo", 200, answer);
    assertThat(checker().check("abc")).isInstanceOf(Verdict.Invalid.class);
  }

  @Test
  void a_server_that_fails_says_nothing_about_a_token() {
    for (String body : List.of("", "no json", "[]", "null", "\"" + "x".repeat(600 << 10) + "\"")) {
      server.answer("/tokeninfo", 200, body);
      assertThat(checker().check("abc")).as(body).isInstanceOf(Verdict.Unknown.class);
    }
    for (int status : new int[] {403, 404, 429, 500, 503}) {
      server.answer("/tokeninfo", status, ANN);
      assertThat(checker().check("abc")).as("%d", status).isInstanceOf(Verdict.Unknown.class);
    }
    TokenChecker checker = checker();
    server.close();
    assertThat(checker.check("abc"))
        .isEqualTo(new Verdict.Unknown("tokeninfo: 127.0.0.1 can't be asked (ConnectException)"));
  }

  @Test
  void no_token_is_sent_on_to_elsewhere() throws IOException {
    try (FakeProvider other = new FakeProvider()) {
      other.answer("/tokeninfo", 200, ANN);
      server.redirect("/tokeninfo", other.url("/tokeninfo"));
      assertThat(checker().check("abc")).isInstanceOf(Verdict.Unknown.class);
      assertThat(other.requests()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a\tb", "ü", "=", "a&b=c", "a%20b"})
  void what_is_no_token_is_not_sent_at_all(String text) {
    assertThat(checker().check(text)).isInstanceOf(Verdict.Invalid.class);
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void a_valid_token_is_remembered_for_a_moment_and_no_longer() {
    TokenChecker checker = checker();
    who(checker.check("abc"));
    clock.pass(RememberedTokens.LONGEST.minusSeconds(1));
    who(checker.check("abc"));
    assertThat(server.asked("/tokeninfo")).isEqualTo(1);
    server.answer("/tokeninfo", 401, "{}");
    clock.pass(Duration.ofSeconds(1));
    assertThat(checker.check("abc")).isInstanceOf(Verdict.Invalid.class);
    assertThat(checker.check("abc")).isInstanceOf(Verdict.Invalid.class);
    assertThat(server.asked("/tokeninfo")).isEqualTo(3);
  }

  @Test
  void it_is_not_remembered_beyond_its_end() {
    server.answer("/tokeninfo", 200, ANN.replace("3600", "5"));
    TokenChecker checker = checker();
    who(checker.check("abc"));
    clock.pass(Duration.ofSeconds(5));
    who(checker.check("abc"));
    assertThat(server.asked("/tokeninfo")).isEqualTo(2);
  }

  @Test
  void roles_come_from_a_claim() {
    server.answer(
        "/tokeninfo",
        200,
        """
        {"uid": "ann", "scope": ["uid"], "realm": "/services", "a": {"b.c": {"roles": ["x", "boss"]}}, "n": 7}""");
    assertThat(who(checker("ROLES_CLAIM=realm", "ROLES_READER=/services").check("abc")).role())
        .isEqualTo(UserRole.READER);
    assertThat(checker("ROLES_CLAIM=realm").check("abc")).isEqualTo(new Verdict.HasNoRole("ann"));
    assertThat(who(checker("ROLES_CLAIM=realm", "ROLES_DEFAULT=reader").check("abc")).role())
        .isEqualTo(UserRole.READER);
    assertThat(checker("ROLES_CLAIM=a.b.c.roles", "ROLES_ADMIN=boss").check("abc"))
        .isEqualTo(new Verdict.HasNoRole("ann"));
    server.answer(
        "/tokeninfo",
        200,
        "{\"uid\": 42, \"scope\": \"uid cn\", \"a\": {\"roles\": [\"user\", \"boss\", 3]}}");
    assertThat(who(checker("ROLES_CLAIM=a.roles", "ROLES_ADMIN=root,boss").check("abc")))
        .isEqualTo(new Principal("42", UserRole.ADMIN));
  }
}
