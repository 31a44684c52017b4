package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.testing.FakeProvider;
import io.sparkappliance.testing.FakeSpark;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whom the gateway takes for the client, and which way it came. */
class TrustedProxiesTest {
  @TempDir private Path directory;

  private GatewayFixture gateway(FakeProvider provider, String trusted) throws IOException {
    return new GatewayFixture(
        directory.resolve("data"),
        FakeSpark.create(directory.resolve("spark")),
        new GatewayFixture.Cluster(),
        Map.of(
            "TOKENINFO_URL",
            provider.url("/tokeninfo"),
            "OAUTH2_CLIENT_ID",
            "spark",
            "AUTH_URL",
            "https://id.example.org/authorize",
            "TOKEN_URL",
            provider.url("/token"),
            "TRUSTED_PROXIES",
            trusted));
  }

  private String from(GatewayFixture gateway, String... headers) throws IOException {
    HttpRequest.Builder request = gateway.open("/get_master_uri");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    Path audit = directory.resolve("data/logs/audit-unknown.log");
    int before = Files.exists(audit) ? Files.readAllLines(audit).size() : 0;
    assertThat(gateway.send(request).statusCode()).isEqualTo(401);
    List<String> lines =
        Awaitility.await()
            .until(
                () -> Files.exists(audit) ? Files.readAllLines(audit) : List.<String>of(),
                found -> found.size() > before);
    return lines.getLast().replaceFirst(".*\"from\":\"([^\"]*)\".*", "$1");
  }

  @Test
  void a_trusted_proxy_is_believed_what_it_saw_itself() throws Exception {
    try (FakeProvider provider = new FakeProvider();
        GatewayFixture gateway = gateway(provider, "127.0.0.0/8,10.0.0.0/16")) {
      assertThat(from(gateway)).isEqualTo("127.0.0.1");
      assertThat(from(gateway, "X-Forwarded-For", "192.0.2.7")).isEqualTo("192.0.2.7");
      assertThat(from(gateway, "X-Forwarded-For", "198.51.100.1, 192.0.2.7"))
          .isEqualTo("192.0.2.7");
      assertThat(from(gateway, "X-Forwarded-For", "192.0.2.7, 10.0.3.4")).isEqualTo("192.0.2.7");
      assertThat(from(gateway, "X-Forwarded-For", "1.2.3.4", "X-Forwarded-For", "192.0.2.7:4711"))
          .isEqualTo("192.0.2.7");
      assertThat(from(gateway, "X-Forwarded-For", "nonsense")).isEqualTo("127.0.0.1");
      assertThat(from(gateway, "X-Forwarded-For", "nonsense, 10.0.3.4")).isEqualTo("10.0.3.4");
      assertThat(from(gateway, "X-Forwarded-For", "[2001:db8::1]:80")).startsWith("[2001:db8:");
    }
  }

  @Test
  void nobody_else_is() throws Exception {
    try (FakeProvider provider = new FakeProvider();
        GatewayFixture gateway = gateway(provider, "10.0.0.0/16")) {
      assertThat(from(gateway, "X-Forwarded-For", "192.0.2.7")).isEqualTo("127.0.0.1");
      HttpResponse<String> answer =
          gateway.send(gateway.open("/sign-in").header("X-Forwarded-Proto", "https"));
      assertThat(answer.headers().firstValue("Location").orElseThrow())
          .contains("redirect_uri=http%3A%2F%2F127.0.0.1");
    }
  }

  @Test
  void behind_tls_cookies_are_secure_and_people_come_back_by_https() throws Exception {
    try (FakeProvider provider = new FakeProvider();
        GatewayFixture gateway = gateway(provider, "127.0.0.1")) {
      HttpResponse<String> answer =
          gateway.send(gateway.open("/sign-in").header("X-Forwarded-Proto", "https"));
      assertThat(answer.statusCode()).isEqualTo(302);
      assertThat(answer.headers().firstValue("Location").orElseThrow())
          .startsWith("https://id.example.org/authorize?response_type=code&client_id=spark")
          .contains("redirect_uri=https%3A%2F%2F127.0.0.1", "scope=uid")
          .doesNotContain("nonce");
      assertThat(answer.headers().firstValue("Set-Cookie").orElseThrow())
          .contains("; Secure", "HttpOnly", "SameSite=Lax");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.0.1, true",
    "10.0.0.0/9, 10.128.0.1, false",
    "10.0.0.1, 10.0.0.1, true",
    "10.0.0.1, 10.0.0.2, false",
    "0.0.0.0/0, 8.8.8.8, true",
    "0.0.0.0/0, ::1, false",
    "fd00::/8, fd12::1, true",
    "fd00::/8, fe80::1, false"
  })
  void a_network_is_the_addresses_that_begin_alike(String range, String address, boolean in) {
    Settings settings =
        SettingsReader.readForClient(Map.of("TRUSTED_PROXIES", range), Files::readString)
            .settings();
    assertThat(
            settings.gateway().trustedProxies().getFirst().contains(InetAddress.ofLiteral(address)))
        .isEqualTo(in);
  }
}
