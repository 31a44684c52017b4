package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.testing.FakeProvider;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The command that lets somebody sign in and prints a token. */
class TokenCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Map<String, String> environment = new TreeMap<>();
  private FakeProvider provider;

  @BeforeEach
  void start() throws IOException {
    provider = new FakeProvider();
    environment.put("AWS_EC2_METADATA_DISABLED", "true");
    serve(provider.url(""));
  }

  @AfterEach
  void stop() {
    provider.close();
  }

  private void serve(String issuer) {
    environment.put("OIDC_ISSUER", issuer);
    environment.put("OIDC_CLIENT_ID", "spark");
    provider.answer(
        "/.well-known/openid-configuration",
        200,
        "{\"issuer\": \"%1$s\", \"token_endpoint\": \"%1$s/token\", \"device_authorization_endpoint\": \"%1$s/device\"}"
            .formatted(issuer));
    provider.answer(
        "/device",
        200,
        """
        {"device_code": "hidden-device-code", "user_code": "WDJB-MJHT", "verification_uri": "https://id.example.org/device",
         "verification_uri_complete": "https://id.example.org/device?user_code=WDJB-MJHT", "expires_in": 600, "interval": 1}
        """);
    provider.answer(
        "/token",
        200,
        "{\"access_token\": \"the.access-token\", \"refresh_token\": \"hidden-refresh-token\"}");
  }

  private int run(String... arguments) {
    World world =
        new World(
            environment,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return Main.run(world, arguments);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void a_shell_gets_the_token_alone_and_people_are_told_where_to_go() {
    assertThat(run("token")).as(err()).isZero();
    assertThat(out()).isEqualTo("the.access-token\n");
    assertThat(err())
        .contains(
            "\n  https://id.example.org/device\n",
            "\n  https://id.example.org/device?user_code=WDJB-MJHT\n",
            "\n  WDJB-MJHT\n",
            "10 min")
        .doesNotContain("hidden", "the.access-token");
  }

  @Test
  void without_an_address_that_has_the_code_it_is_typed_in() {
    provider.answer(
        "/device",
        200,
        """
        {"device_code": "x", "user_code": "WDJB-MJHT", "verification_uri": "https://id.example.org/device", "expires_in": 30, "interval": 1}
        """);
    assertThat(run("token")).as(err()).isZero();
    assertThat(err())
        .contains("\n  https://id.example.org/device\n", "\n  WDJB-MJHT\n", "for 1 min")
        .doesNotContain("null", "user_code");
  }

  @Test
  void a_provider_is_asked_through_the_proxy() {
    serve("http://id.invalid");
    environment.put("HTTP_PROXY", "http://127.0.0.1:" + URI.create(provider.url("/")).getPort());
    assertThat(run("token")).as(err()).isZero();
    assertThat(out()).isEqualTo("the.access-token\n");
  }

  @Test
  void no_token_is_a_line_for_people_and_nothing_for_the_shell() {
    provider.answer(
        "/device",
        400,
        "{\"error\": \"unauthorized_client\", \"error_description\": \"Client is not allowed.\"}");
    assertThat(run("token")).isEqualTo(1);
    assertThat(out()).isEmpty();
    assertThat(err())
        .startsWith("No token: the client spark may not sign people in by a device code")
        .doesNotContain("\tat ");
    provider.close();
    assertThat(run("token")).isEqualTo(1);
    assertThat(out()).isEmpty();
    assertThat(err()).contains("No token: 127.0.0.1 can't be asked");
  }

  @Test
  void variables_that_are_missing_are_a_wrong_configuration() {
    environment.clear();
    environment.put("AWS_EC2_METADATA_DISABLED", "true");
    assertThat(run("token")).isEqualTo(78);
    assertThat(err()).contains("2 problems", "OIDC_ISSUER: ", "OAUTH2_CLIENT_ID: ");
    assertThat(out()).isEmpty();
  }

  @Test
  void a_client_that_is_missing_is_all_that_is_told() {
    environment.remove("OIDC_CLIENT_ID");
    assertThat(run("token")).isEqualTo(78);
    assertThat(err())
        .contains("1 problem ", "OAUTH2_CLIENT_ID: ")
        .as("of no use without a client")
        .doesNotContain("AUDIENCE");
  }

  @Test
  void a_provider_of_another_kind_has_no_such_sign_in() {
    environment.remove("OIDC_ISSUER");
    environment.put("TOKENINFO_URL", provider.url("/tokeninfo"));
    environment.put("AUTH_URL", provider.url("/authorize"));
    environment.put("TOKEN_URL", provider.url("/token"));
    assertThat(run("token")).isEqualTo(78);
    assertThat(err()).contains("1 problem ", "OIDC_ISSUER: ").doesNotContain("OAUTH2_CLIENT_ID:");
  }

  @Test
  void what_the_jvm_complains_of_does_not_go_to_the_shell() throws Exception {
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "@conf/appliance.jvm",
                "-XX:SharedArchiveFile=/nowhere/archive",
                "-version")
            .start();
    try (BufferedReader told = java.errorReader()) {
      assertThat(java.getInputStream().readAllBytes()).isEmpty();
      assertThat(told.lines()).anyMatch(line -> line.contains("/nowhere/archive"));
    } finally {
      java.destroy();
    }
  }

  @Test
  void its_help_has_an_example() {
    assertThat(run("token", "--help")).isZero();
    assertThat(out())
        .contains(
            "Usage: spark-appliance token",
            "TOKEN=$(docker run --rm -i -e OAUTH2_CLIENT_ID=spark \\\n",
            "Authorization: Bearer $TOKEN");
    assertThat(run("help")).isZero();
    assertThat(out()).contains("  token  ");
  }
}
