package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.KeycloakProcess;
import java.io.IOException;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.HttpCookie;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
  /** The address of the login form, which Keycloak's own page sends the password to. */
  private static final Pattern LOGIN_FORM = Pattern.compile("<form[^>]*\\saction=\"([^\"]+)\"");

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

  /** From the gateway's page to Keycloak's form, through it, and back. */
  private void signIn(String name) throws Exception {
    URI provider = location(open(location(open(gateway.uri("/ui")))));
    assertThat(provider.toString())
        .startsWith(keycloak.issuer())
        .contains("code_challenge_method=S256", "response_type=code");
    HttpResponse<String> form = open(provider);
    // Its cookies are for secure addresses alone, of which loopback is one for browsers.
    cookies.getCookieStore().getCookies().forEach(cookie -> cookie.setSecure(false));
    Matcher action = LOGIN_FORM.matcher(form.body());
    assertThat(action.find()).as(form.body()).isTrue();
    Map<String, String> fields = Map.of("username", name, "password", "password-of-" + name);
    HttpResponse<String> back =
        send(
            HttpRequest.newBuilder(URI.create(action.group(1).replace("&amp;", "&")))
                .header("Accept", PAGES)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(KeycloakProcess.form(fields))));
    URI callback = location(back);
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
