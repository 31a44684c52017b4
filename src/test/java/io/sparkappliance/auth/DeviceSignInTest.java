package io.sparkappliance.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.testing.ClockByHand;
import io.sparkappliance.testing.FakeProvider;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a provider may answer to who signs in by a device code, and what is done then. */
class DeviceSignInTest {
  private static final String DEVICE = "/device";
  private static final String TOKEN = "/token";
  private static final String CODE =
      """
      {"device_code": "hidden-device-code", "user_code": "WDJB-MJHT", "verification_uri": "https://id.example.org/device",
       "verification_uri_complete": "https://id.example.org/device?user_code=WDJB-MJHT", "expires_in": 600, "interval": 5}
      """;
  private static final String PENDING = error("authorization_pending");
  private static final String DONE = "{\"access_token\": \"the.access-token\"}";

  private final ClockByHand clock = new ClockByHand(Instant.parse("2026-01-31T10:00:00Z"));
  private final List<Long> pauses = new ArrayList<>();
  private final Deque<Answer> next = new ArrayDeque<>();
  private FakeProvider provider;

  /** What the token endpoint says to one question. */
  private record Answer(int status, String body) {}

  private static String error(String code) {
    return "{\"error\": \"" + code + "\"}";
  }

  @BeforeEach
  void start() throws IOException {
    provider = new FakeProvider();
    discover("\"code_challenge_methods_supported\": [\"plain\", \"S256\"]");
    provider.answer(DEVICE, 200, CODE);
  }

  @AfterEach
  void stop() {
    provider.close();
  }

  private void discover(String more) {
    discover(provider.url(DEVICE), more);
  }

  private void discover(String device, String more) {
    provider.answer(
        "/.well-known/openid-configuration",
        200,
        "{\"issuer\": \"%s\", \"token_endpoint\": \"%s\", \"device_authorization_endpoint\": \"%s\", %s}"
            .formatted(provider.url(""), provider.url(TOKEN), device, more));
  }

  private DeviceSignIn signIn(String... more) {
    Map<String, String> environment =
        new HashMap<>(Map.of("OIDC_ISSUER", provider.url(""), "OAUTH2_CLIENT_ID", "spark"));
    for (String variable : more) {
      String[] parts = variable.split("=", 2);
      environment.put(parts[0], parts[1]);
    }
    return DeviceSignIn.of(
            SettingsReader.readForClient(environment, Files::readString).settings().identity(),
            new ProviderCalls(ProxySelector.of(null)),
            clock)
        .orElseThrow();
  }

  /** Time passes, and the provider makes up its mind. */
  private boolean pause(Duration time) {
    pauses.add(time.toSeconds());
    clock.pass(time);
    if (!next.isEmpty()) {
      Answer answer = next.remove();
      provider.answer(TOKEN, answer.status(), answer.body());
    }
    return true;
  }

  private void answers(int status, String... bodies) {
    Arrays.stream(bodies).forEach(body -> next.add(new Answer(status, body)));
  }

  private String token() throws ProviderException {
    DeviceSignIn signIn = signIn();
    return signIn.await(signIn.begin(), this::pause).reveal();
  }

  private List<Map<String, String>> asked(String path) {
    return provider.requests().stream()
        .filter(request -> request.path().equals(path))
        .map(
            request ->
                Arrays.stream(request.body().split("&", -1))
                    .map(pair -> pair.split("=", 2))
                    .collect(
                        Collectors.toMap(
                            pair -> pair[0],
                            pair -> URLDecoder.decode(pair[1], StandardCharsets.UTF_8))))
        .toList();
  }

  @Test
  void a_code_is_asked_for_and_exchanged_once_it_is_confirmed() throws Exception {
    answers(400, PENDING, PENDING);
    answers(200, DONE);
    assertThat(token()).isEqualTo("the.access-token");
    assertThat(pauses).containsExactly(5L, 5L, 5L);

    Map<String, String> begun = asked(DEVICE).getFirst();
    assertThat(begun)
        .containsEntry("client_id", "spark")
        .containsEntry("scope", "openid")
        .containsEntry("code_challenge_method", "S256");
    Map<String, String> exchanged = asked(TOKEN).getLast();
    assertThat(exchanged)
        .containsEntry("client_id", "spark")
        .containsEntry("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
        .containsEntry("device_code", "hidden-device-code");
    assertThat(exchanged.get("code_verifier")).hasSizeBetween(43, 128);
    assertThat(Pkce.challenge(exchanged.get("code_verifier")))
        .containsEntry("code_challenge", begun.get("code_challenge"));
  }

  @Test
  void what_a_person_is_told_has_no_secret() throws Exception {
    DeviceCode code = signIn().begin();
    assertThat(code.address()).isEqualTo(URI.create("https://id.example.org/device"));
    assertThat(code.whole())
        .contains(URI.create("https://id.example.org/device?user_code=WDJB-MJHT"));
    assertThat(code.userCode()).isEqualTo("WDJB-MJHT");
    assertThat(code.lifetime()).isEqualTo(Duration.ofMinutes(10));
    assertThat(code.toString()).doesNotContain("hidden");
  }

  @Test
  void no_proof_is_sent_to_a_provider_that_knows_none() throws Exception {
    discover("\"code_challenge_methods_supported\": [\"plain\"]");
    answers(200, DONE);
    assertThat(token()).isEqualTo("the.access-token");
    assertThat(asked(DEVICE).getFirst()).containsOnlyKeys("client_id", "scope");
    assertThat(asked(TOKEN).getFirst()).containsOnlyKeys("client_id", "grant_type", "device_code");
  }

  @Test
  void a_client_with_a_secret_shows_it_both_times_and_scopes_are_those_of_the_settings()
      throws Exception {
    answers(200, DONE);
    DeviceSignIn signIn =
        signIn("OAUTH2_CLIENT_SECRET=hush", "OAUTH2_SCOPE=jobs", "SIGN_IN_SCOPES=openid groups");
    signIn.await(signIn.begin(), this::pause);
    assertThat(asked(DEVICE).getFirst())
        .containsEntry("scope", "openid groups jobs")
        .doesNotContainKey("client_id");
    assertThat(provider.requests().stream().filter(it -> !it.path().startsWith("/.well-known")))
        .hasSize(2)
        // spark:hush
        .allSatisfy(it -> assertThat(it.authorization()).contains("Basic c3Bhcms6aHVzaA=="));
  }

  @Test
  void a_token_endpoint_of_the_settings_counts() throws Exception {
    provider.answer("/other", 200, DONE);
    DeviceSignIn signIn = signIn("TOKEN_URL=" + provider.url("/other"));
    signIn.await(signIn.begin(), this::pause);
    assertThat(asked("/other")).hasSize(1);
    assertThat(asked(TOKEN)).isEmpty();
  }

  @Test
  void who_asks_too_often_asks_five_seconds_later_from_then_on() throws Exception {
    answers(400, PENDING, error("slow_down"), PENDING, error("slow_down"), PENDING);
    answers(429, "Too many requests");
    answers(200, DONE);
    token();
    assertThat(pauses).containsExactly(5L, 5L, 10L, 10L, 15L, 15L, 20L);
  }

  @Test
  void without_an_interval_five_seconds_pass_and_never_none() throws Exception {
    provider.answer(DEVICE, 200, CODE.replace(", \"interval\": 5", ""));
    answers(200, DONE, DONE);
    token();
    provider.answer(DEVICE, 200, CODE.replace("\"interval\": 5", "\"interval\": 0"));
    token();
    assertThat(pauses).containsExactly(5L, 1L);
  }

  @Test
  void a_provider_in_trouble_is_asked_ever_more_seldom_until_it_answers() throws Exception {
    answers(503, "<html>", "", "", "", "");
    answers(400, PENDING);
    answers(200, DONE);
    assertThat(token()).isEqualTo("the.access-token");
    assertThat(pauses).containsExactly(5L, 10L, 20L, 40L, 60L, 60L, 5L);
  }

  @Test
  void a_provider_that_goes_away_meanwhile_is_asked_until_the_code_ends() throws Exception {
    DeviceSignIn signIn = signIn();
    DeviceCode code = signIn.begin();
    provider.close();
    assertThatThrownBy(() -> signIn.await(code, this::pause))
        .isInstanceOf(ProviderException.class)
        .hasMessageContaining("WDJB-MJHT within 10 min; at last 127.0.0.1 can't be asked");
    assertThat(pauses.stream().mapToLong(Long::longValue).sum()).isEqualTo(600);
    assertThat(pauses).hasSizeBetween(10, 20);
  }

  @Test
  void a_code_that_nobody_confirms_ends() throws Exception {
    answers(400, PENDING, error("expired_token"));
    assertThatThrownBy(this::token)
        .hasMessage(
            "nobody confirmed the code WDJB-MJHT within 10 min. Run the command again for a new one");
    assertThat(pauses).hasSize(2);
    // A provider that does not tell.
    provider.answer(DEVICE, 200, CODE.replace("600", "12"));
    answers(400, PENDING);
    pauses.clear();
    assertThatThrownBy(this::token).hasMessageContaining("WDJB-MJHT within 12 s");
    assertThat(pauses).containsExactly(5L, 5L, 2L);
  }

  @Test
  void who_denies_it_is_no_error_of_the_provider() {
    answers(400, "{\"error\": \"access_denied\", \"error_description\": \"The\\u001b[2J user\"}");
    assertThatThrownBy(this::token)
        .hasMessage("the sign-in was denied at the provider: The?[2J user");
    assertThat(pauses).hasSize(1);
  }

  @Test
  void who_is_told_to_stop_stops() throws Exception {
    DeviceSignIn signIn = signIn();
    DeviceCode code = signIn.begin();
    assertThatThrownBy(() -> signIn.await(code, any -> false)).hasMessageContaining("broken off");
    assertThat(asked(TOKEN)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "400, invalid_grant, the provider refuses the sign-in (invalid_grant)",
    "400, invalid_request, the provider refuses the sign-in (invalid_request)",
    "401, invalid_client, Look at OAUTH2_CLIENT_ID and OAUTH2_CLIENT_SECRET",
    "400, invalid_scope, does not give the scopes openid (invalid_scope)",
    "400, unsupported_grant_type, OAuth 2.0 Device Authorization Grant",
    "401, unauthorized_client, 'Keycloak: Clients, spark, Capability config'",
  })
  void another_refusal_says_what_to_look_at(int status, String error, String text) {
    answers(status, error(error));
    assertThatThrownBy(this::token).hasMessageContaining(text);
    assertThat(pauses).hasSize(1);
    provider.answer(DEVICE, status, error(error));
    assertThatThrownBy(this::token).hasMessageContaining(text);
    assertThat(pauses).hasSize(1);
  }

  @Test
  void an_endpoint_that_is_none_is_told_by_its_status() {
    provider.answer(DEVICE, 404, "<html>nothing here</html>");
    assertThatThrownBy(this::token).hasMessage("the provider refuses the sign-in (status 404)");
  }

  @Test
  void a_provider_without_the_flow_is_told() {
    discover("", "\"grant_types_supported\": [\"authorization_code\"]");
    assertThatThrownBy(this::token)
        .hasMessageContaining("no device_authorization_endpoint")
        .hasMessageContaining("RFC 8628");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"access_token\": 7}",
        "{\"access_token\": \"\"}",
        "{\"access_token\": \"one\\nX-Other: two\"}",
        "{\"access_token\": \"one\", \"token_type\": \"DPoP\"}",
        "[]",
        "<html>"
      })
  void a_token_that_is_none_is_not_printed(String answer) {
    answers(200, answer);
    assertThatThrownBy(this::token).isInstanceOf(ProviderException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"device_code\": \"hidden-device-code\"",
        "\"user_code\": \"WDJB-MJHT\"",
        "\"verification_uri\": \"https://id.example.org/device\"",
        "\"expires_in\": 600"
      })
  void a_code_that_lacks_something_is_none(String part) {
    provider.answer(DEVICE, 200, CODE.replace(part, "\"other\": 1"));
    assertThatThrownBy(this::token)
        .hasMessageContaining("gives no code that can be used")
        .hasMessageNotContaining("hidden");
  }

  @Test
  void an_address_is_one_of_the_web_and_steers_no_terminal() throws Exception {
    provider.answer(DEVICE, 200, CODE.replace("https://id.example.org/device\"", "file:/x\""));
    assertThatThrownBy(this::token).hasMessageContaining("verification_uri is no web address");
    provider.answer(
        DEVICE,
        200,
        CODE.replace("?user_code=", "?\\u001b]0;").replace("\"WDJB", "\"\\u009bW\\u0007"));
    DeviceCode code = signIn().begin();
    assertThat(code.whole()).isEmpty();
    assertThat(code.userCode()).isEqualTo("?W?-MJHT");
  }

  @Test
  void an_issuer_that_is_away_is_told() {
    DeviceSignIn signIn = signIn();
    provider.close();
    assertThatThrownBy(signIn::begin).hasMessageContaining("127.0.0.1 can't be asked");
  }
}
