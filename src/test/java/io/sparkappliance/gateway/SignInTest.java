package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.FakeSpark;
import java.io.IOException;
import java.io.InputStream;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.HttpCookie;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import no.nav.security.mock.oauth2.token.DefaultOAuth2TokenCallback;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A browser signs in at an OpenID provider. */
class SignInTest {
  private static final MockOAuth2Server PROVIDER = new MockOAuth2Server();

  @TempDir private static Path directory;
  private static GatewayFixture gateway;

  private CookieManager cookies;
  private HttpClient browser;

  @BeforeAll
  static void start() throws IOException {
    PROVIDER.start();
    // Keys are made when somebody asks for them.
    try (InputStream in = PROVIDER.jwksUrl("people").url().openStream()) {
      in.readAllBytes();
    }
    PROVIDER.issueToken("people");
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            FakeSpark.create(directory.resolve("spark")),
            new GatewayFixture.Cluster(),
            Map.of(
                "OIDC_ISSUER",
                PROVIDER.issuerUrl("people").toString(),
                "OIDC_CLIENT_ID",
                "spark",
                "ROLES_CLAIM",
                "groups",
                "ROLES_DEFAULT",
                "reader",
                "SIGN_IN_SCOPES",
                "openid groups"));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    PROVIDER.shutdown();
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
        request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> open(URI uri) throws Exception {
    return send(HttpRequest.newBuilder(uri).header("Accept", "text/html"));
  }

  private HttpResponse<String> open(String path) throws Exception {
    return open(gateway.uri(path));
  }

  private static URI location(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(302);
    return answer.uri().resolve(answer.headers().firstValue("Location").orElseThrow());
  }

  /** What the provider tells of whoever signs in next. */
  private static void next(String subject, String audience, Map<String, Object> claims) {
    PROVIDER.enqueueCallback(
        new DefaultOAuth2TokenCallback("people", subject, "JWT", List.of(audience), claims, 300));
  }

  private Optional<HttpCookie> cookie(String name) {
    return cookies.getCookieStore().getCookies().stream()
        .filter(cookie -> cookie.getName().equals(name))
        .findFirst();
  }

  /** From the page to the provider and back. */
  private URI callback(String page) throws Exception {
    URI signIn = location(open(page));
    assertThat(signIn.getPath()).isEqualTo("/sign-in");
    URI provider = location(open(signIn));
    assertThat(provider.toString())
        .startsWith(PROVIDER.authorizationEndpointUrl("people").toString())
        .contains("code_challenge_method=S256", "response_type=code", "scope=openid+groups");
    return location(open(provider));
  }

  private void signIn(String subject, Map<String, Object> claims) throws Exception {
    next(subject, "spark", claims);
    assertThat(location(open(callback("/ui"))).getPath()).isEqualTo("/ui");
  }

  @Test
  void a_browser_is_led_through_the_sign_in_and_back() throws Exception {
    signIn("ann", Map.of("groups", List.of("admin")));
    JsonNode me = json(open("/api/v1/me"));
    assertThat(me.path("name").asText()).isEqualTo("ann");
    assertThat(me.path("role").asText()).isEqualTo("admin");
    assertThat(me.path("sign_in").asText()).isEqualTo("oidc");
    assertThat(me.path("can_sign_out").asBoolean()).isTrue();
    assertThat(open("/ui").statusCode()).isEqualTo(200);
  }

  @Test
  void two_tabs_may_be_at_the_provider_at_the_same_time() throws Exception {
    URI first;
    URI second;
    do {
      // There are a few places for attempts; what comes to the same one replaces what is there.
      newBrowser();
      first = callback("/ui");
      second = callback("/");
    } while (attempts() < 2);
    next("ann", "spark", Map.of("groups", List.of("user")));
    next("ann", "spark", Map.of("groups", List.of("user")));
    assertThat(location(open(first)).getPath()).isEqualTo("/ui");
    assertThat(location(open(second)).getPath()).isEqualTo("/");
    assertThat(attempts()).isZero();
    // Whose attempt is gone, and is signed in by then, is where they wanted to be.
    assertThat(location(open(first)).getPath()).isEqualTo("/ui");
  }

  private long attempts() {
    return cookies.getCookieStore().getCookies().stream()
        .filter(cookie -> cookie.getName().startsWith("spark-sign-in-"))
        .count();
  }

  @Test
  void cookies_are_for_this_server_and_the_session_is_for_no_script() throws Exception {
    next("ann", "spark", Map.of());
    HttpResponse<String> answer = open(callback("/ui"));
    List<String> set = answer.headers().allValues("Set-Cookie");
    assertThat(set)
        .anySatisfy(
            it ->
                assertThat(it)
                    .startsWith("spark-session=")
                    .contains("HttpOnly", "SameSite=Lax", "Path=/")
                    .doesNotContain("Domain"))
        .anySatisfy(
            it ->
                assertThat(it)
                    .startsWith("csrf=")
                    .contains("SameSite=Lax")
                    .doesNotContain("HttpOnly"))
        .anySatisfy(it -> assertThat(it).matches("spark-sign-in-\\d=;.*"));
  }

  @Test
  void a_script_of_another_site_can_do_nothing_with_the_cookie() throws Exception {
    signIn("ann", Map.of("groups", List.of("user")));
    HttpRequest.Builder submission =
        new Form()
            .file("a.py", "echo")
            .in(HttpRequest.newBuilder(gateway.uri("/submit_application")));
    assertThat(send(submission.copy()).statusCode()).isEqualTo(403);
    assertThat(send(submission.copy().header("X-CSRF-Token", "guess")).statusCode()).isEqualTo(403);
    String token = cookie("csrf").orElseThrow().getValue();
    assertThat(send(submission.copy().header("X-CSRF-Token", token)).statusCode()).isEqualTo(200);
    newBrowser();
    signIn("bob", Map.of("groups", List.of("user")));
    assertThat(send(submission.copy().header("X-CSRF-Token", token)).statusCode()).isEqualTo(403);
  }

  @Test
  void who_signs_out_is_out_with_every_copy_of_the_cookie() throws Exception {
    signIn("ann", Map.of());
    String copy = "spark-session=" + cookie("spark-session").orElseThrow().getValue();
    String token = cookie("csrf").orElseThrow().getValue();
    HttpRequest.Builder signOut =
        HttpRequest.newBuilder(gateway.uri("/sign-out")).POST(HttpRequest.BodyPublishers.noBody());
    assertThat(send(signOut.copy()).statusCode()).isEqualTo(403);
    assertThat(send(signOut.copy().header("X-CSRF-Token", token)).statusCode()).isEqualTo(204);
    assertThat(cookie("spark-session")).isEmpty();
    newBrowser();
    assertThat(
            send(HttpRequest.newBuilder(gateway.uri("/api/v1/me")).header("Cookie", copy))
                .statusCode())
        .isEqualTo(401);
  }

  @Test
  void a_forged_cookie_is_none() throws Exception {
    signIn("ann", Map.of());
    String value = cookie("spark-session").orElseThrow().getValue();
    newBrowser();
    for (String forged :
        List.of(
            "",
            ".",
            value.substring(1),
            value.substring(0, value.length() - 2) + "zz",
            value.substring(0, value.indexOf('.') + 1),
            value.replace(".", ".."))) {
      assertThat(
              send(HttpRequest.newBuilder(gateway.uri("/api/v1/me"))
                      .header("Cookie", "spark-session=" + forged))
                  .statusCode())
          .as(forged)
          .isEqualTo(401);
    }
  }

  @Test
  void a_code_counts_only_in_the_browser_that_asked_for_it() throws Exception {
    next("ann", "spark", Map.of());
    URI callback = callback("/ui");
    newBrowser();
    assertThat(open(callback).statusCode()).isEqualTo(403);
    location(open("/ui"));
    location(open("/sign-in"));
    assertThat(open(callback).statusCode()).isEqualTo(403);
    assertThat(cookie("spark-session")).isEmpty();
    // What was said of ann waits for somebody who signs in.
    newBrowser();
    assertThat(location(open(callback("/ui"))).getPath()).isEqualTo("/ui");
  }

  @Test
  void an_access_token_for_others_leaves_the_word_to_the_id_token() throws Exception {
    next("ann", "mail", Map.of("groups", List.of("user")));
    assertThat(location(open(callback("/ui"))).getPath()).isEqualTo("/ui");
    assertThat(json(open("/api/v1/me")).path("name").asText()).isEqualTo("ann");
  }

  @Test
  void who_refuses_at_the_provider_comes_back_without_a_code() throws Exception {
    URI provider = location(open("/sign-in"));
    String state = provider.getQuery().replaceFirst(".*state=([^&]*).*", "$1");
    HttpResponse<String> answer = open("/sign-in/callback?error=access_denied&state=" + state);
    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(json(answer).path("error").asText()).contains("has not let you in");
  }

  @Test
  void a_program_is_not_sent_to_a_page() throws Exception {
    assertThat(send(HttpRequest.newBuilder(gateway.uri("/ui"))).statusCode()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example\t",
        "/\r\nSet-Cookie: x=y",
        "javascript:alert(1)",
        "/sign-in",
        "",
        "ui"
      })
  void nobody_is_sent_elsewhere(String where) {
    assertThat(SignInRoutes.safe(where)).isEqualTo("/");
  }

  @Test
  void a_path_of_ours_is_kept() {
    assertThat(SignInRoutes.safe("/ui/jobs?state=running&x=%20"))
        .isEqualTo("/ui/jobs?state=running&x=%20");
    assertThat(SignInRoutes.safe(null)).isEqualTo("/");
  }
}
