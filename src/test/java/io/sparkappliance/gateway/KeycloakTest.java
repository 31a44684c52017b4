package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.KeycloakProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.HttpCookie;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** People and programs come with what a real Keycloak gives them. */
@Tag("long")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class KeycloakTest {
  /** The address to which a page of Keycloak's own sends what is typed in. */
  private static final Pattern FORM = Pattern.compile("<form[^>]*\\saction=\"([^\"]+)\"");

  private static final String PAGES = "text/html";

  @TempDir private static Path directory;
  private static KeycloakProcess keycloak;
  private static GatewayFixture gateway;
  private static GatewayFixture introspecting;

  private CookieManager cookies;
  private HttpClient browser;

  @BeforeAll
  static void start() throws IOException {
    keycloak = KeycloakProcess.start();
    Map<String, String> common =
        Map.of(
            "ROLES_CLAIM", "realm_access.roles",
            "USER_CLAIM", "preferred_username",
            "OAUTH2_AUDIENCE", "spark");
    gateway =
        gateway(
            "signed",
            common,
            Map.of("OIDC_ISSUER", keycloak.issuer(), "OAUTH2_CLIENT_ID", "spark"));
    introspecting =
        gateway(
            "introspected",
            common,
            Map.of(
                "INTROSPECTION_URL",
                keycloak.introspection(),
                "INTROSPECTION_CLIENT_ID",
                "introspection",
                "INTROSPECTION_CLIENT_SECRET",
                "secret-of-the-gateway"));
  }

  private static GatewayFixture gateway(
      String name, Map<String, String> common, Map<String, String> own) throws IOException {
    Map<String, String> variables = new HashMap<>(common);
    variables.putAll(own);
    return new GatewayFixture(
        directory.resolve(name),
        FakeSpark.create(directory.resolve("spark-of-" + name)),
        new GatewayFixture.Cluster(),
        variables);
  }

  @AfterAll
  static void stop() throws IOException {
    try (KeycloakProcess _ = keycloak) {
      for (GatewayFixture one : new GatewayFixture[] {introspecting, gateway}) {
        if (one != null) {
          one.close();
        }
      }
    }
  }

  @BeforeEach
  void newBrowser() {
    cookies = new CookieManager(null, CookiePolicy.ACCEPT_ALL);
    browser =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .cookieHandler(cookies)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return browser.send(
        request.timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> open(URI uri) throws Exception {
    return send(HttpRequest.newBuilder(uri).header("Accept", PAGES));
  }

  private static URI location(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(302);
    return answer.uri().resolve(answer.headers().firstValue("Location").orElseThrow());
  }

  private String cookie(String name) {
    return cookies.getCookieStore().getCookies().stream()
        .filter(cookie -> cookie.getName().equals(name))
        .findFirst()
        .map(HttpCookie::getValue)
        .orElseThrow();
  }

  private static Map<String, String> login(String name) {
    return Map.of("username", name, "password", "password-of-" + name);
  }

  /** Sends the form of a page of Keycloak's. */
  private HttpResponse<String> fillIn(HttpResponse<String> page, Map<String, String> fields)
      throws Exception {
    // Its cookies are for secure addresses alone, of which loopback is one for browsers.
    cookies.getCookieStore().getCookies().forEach(cookie -> cookie.setSecure(false));
    Matcher action = FORM.matcher(page.body());
    assertThat(action.find()).as(page.body()).isTrue();
    return send(
        HttpRequest.newBuilder(page.uri().resolve(action.group(1).replace("&amp;", "&")))
            .header("Accept", PAGES)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(KeycloakProcess.form(fields))));
  }

  /** Up to a page that leads nowhere by itself. */
  private HttpResponse<String> follow(HttpResponse<String> answer) throws Exception {
    HttpResponse<String> page = answer;
    while (page.statusCode() == 302) {
      cookies.getCookieStore().getCookies().forEach(cookie -> cookie.setSecure(false));
      page = open(location(page));
    }
    assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
    return page;
  }

  /** From the gateway's page to Keycloak's form, through it, and back. */
  private void signIn(String name) throws Exception {
    URI provider = location(open(location(open(gateway.uri("/ui")))));
    assertThat(provider.toString())
        .startsWith(keycloak.issuer())
        .contains("code_challenge_method=S256", "response_type=code");
    URI callback = location(fillIn(open(provider), login(name)));
    assertThat(callback.getPath()).isEqualTo("/sign-in/callback");
    assertThat(location(open(callback)).getPath()).isEqualTo("/ui");
  }

  private HttpRequest.Builder me() {
    return HttpRequest.newBuilder(gateway.uri("/api/v1/me"));
  }

  private static HttpResponse<String> me(GatewayFixture at, String token) throws IOException {
    return at.send(at.open("/api/v1/me").header("Authorization", "Bearer " + token));
  }

  @Test
  void a_browser_signs_in_with_a_password_and_out() throws Exception {
    signIn("ada");
    JsonNode ada = json(send(me()));
    assertThat(ada.path("name").asText()).as(ada.toString()).isEqualTo("ada");
    assertThat(ada.path("role").asText()).isEqualTo("admin");
    HttpRequest.Builder copy = me().header("Cookie", "spark-session=" + cookie("spark-session"));
    HttpRequest.Builder out =
        HttpRequest.newBuilder(gateway.uri("/sign-out"))
            .header("X-CSRF-Token", cookie("csrf"))
            .POST(HttpRequest.BodyPublishers.noBody());
    assertThat(send(out).statusCode()).isEqualTo(204);
    newBrowser();
    assertThat(send(copy).statusCode()).isEqualTo(401);
    assertThat(send(me()).statusCode()).isEqualTo(401);
  }

  /** The command of the image, on this machine. */
  private static Process command(String client) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "io.sparkappliance.Main",
            "token");
    builder.environment().clear();
    builder
        .environment()
        .putAll(
            Map.of(
                "OIDC_ISSUER",
                keycloak.issuer(),
                "OIDC_CLIENT_ID",
                client,
                "AWS_EC2_METADATA_DISABLED",
                "true"));
    return builder.start();
  }

  /** The address with the code in it, as soon as the command has told it. */
  private static URI invitation(BufferedReader told) throws IOException {
    StringBuilder before = new StringBuilder();
    for (String line = told.readLine(); line != null; line = told.readLine()) {
      if (line.contains("user_code=")) {
        return URI.create(line.strip());
      }
      before.append(line).append('\n');
    }
    throw new AssertionError(before);
  }

  private static String printed(Process command) throws IOException {
    return new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void a_command_line_gets_a_token_that_somebody_with_a_browser_allows() throws Exception {
    Process command = command("spark");
    String printed;
    try (BufferedReader told = command.errorReader()) {
      URI address = invitation(told);
      assertThat(address.toString()).startsWith(keycloak.issuer());
      HttpResponse<String> question = follow(fillIn(follow(open(address)), login("uma")));
      assertThat(question.body()).contains("name=\"accept\"");
      follow(fillIn(question, Map.of("accept", "Yes")));
      printed = printed(command);
      assertThat(command.waitFor()).as(printed).isZero();
    } finally {
      command.destroy();
    }
    assertThat(printed).matches("[\\w.-]+\n");
    JsonNode uma = json(me(gateway, printed.strip()));
    assertThat(uma.path("name").asText()).as(uma.toString()).isEqualTo("uma");
    assertThat(uma.path("role").asText()).isEqualTo("user");
  }

  @Test
  void a_command_line_is_told_when_it_is_denied_or_its_client_may_not_ask() throws Exception {
    Process denied = command("spark");
    try (BufferedReader told = denied.errorReader()) {
      HttpResponse<String> question = follow(fillIn(follow(open(invitation(told))), login("uma")));
      follow(fillIn(question, Map.of("cancel", "No")));
      assertThat(printed(denied)).isEmpty();
      assertThat(denied.waitFor()).isEqualTo(1);
      assertThat(told.lines())
          .anyMatch(line -> line.startsWith("No token: the sign-in was denied"));
    } finally {
      denied.destroy();
    }

    Process refused = command("mail");
    try (BufferedReader told = refused.errorReader()) {
      assertThat(told.lines().toList())
          .singleElement()
          .asString()
          .contains("the client mail may not", "OAuth 2.0 Device Authorization Grant");
      assertThat(refused.waitFor()).isEqualTo(1);
    } finally {
      refused.destroy();
    }
  }

  @Test
  void roles_of_the_realm_decide_what_a_token_may_do() throws Exception {
    for (GatewayFixture at : new GatewayFixture[] {gateway, introspecting}) {
      for (String[] who : new String[][] {{"rita", "reader"}, {"uma", "user"}, {"ada", "admin"}}) {
        String token = keycloak.token("spark", who[0]);
        HttpResponse<String> answer = me(at, token);
        assertThat(json(answer).path("name").asText()).as(answer.body()).isEqualTo(who[0]);
        assertThat(json(answer).path("role").asText()).isEqualTo(who[1]);
        HttpRequest.Builder submission =
            new Form()
                .file("a.py", "echo")
                .in(at.open("/submit_application").header("Authorization", "Bearer " + token));
        assertThat(at.send(submission).statusCode()).isEqualTo(who[1].equals("reader") ? 403 : 200);
      }
      assertThat(me(at, keycloak.token("spark", "nick")).statusCode()).isEqualTo(403);
    }
  }

  @Test
  void a_token_for_another_audience_is_refused() throws Exception {
    String token = keycloak.token("mail", "ada");
    assertThat(me(gateway, token).statusCode()).isEqualTo(401);
    assertThat(me(introspecting, token).statusCode()).isEqualTo(401);
  }

  @Test
  void a_token_is_refused_once_it_has_expired() throws Exception {
    String token = keycloak.token("brief", "uma");
    assertThat(me(gateway, token).statusCode()).isEqualTo(200);
    // A minute is given to clocks that differ.
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(5))
        .until(() -> me(gateway, token).statusCode() == 401);
  }

  @Test
  void a_key_that_keycloak_has_replaced_counts_no_more() throws Exception {
    String old = keycloak.token("spark", "uma");
    assertThat(me(gateway, old).statusCode()).isEqualTo(200);
    keycloak.replaceKeys();
    String next = keycloak.token("spark", "uma");
    // Keys are not asked for all the time.
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofSeconds(4))
        .until(() -> me(gateway, next).statusCode() == 200);
    assertThat(me(gateway, old).statusCode()).isEqualTo(401);
    assertThat(me(introspecting, next).statusCode()).isEqualTo(200);
    assertThat(me(introspecting, old).statusCode()).isEqualTo(401);
  }
}
