package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.testing.Certificates;
import io.sparkappliance.testing.FakeSpark;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A gateway that has a certificate. */
class GatewayTlsTest {
  private static final StandardCopyOption REPLACE = StandardCopyOption.REPLACE_EXISTING;

  @TempDir Path directory;
  private Path certificate;
  private Path key;
  private GatewayFixture gateway;

  @BeforeEach
  void makeKeys() throws Exception {
    Certificates.makePem(directory, "first");
    Certificates.makePem(directory, "second");
    certificate = directory.resolve("tls.crt");
    key = directory.resolve("tls.key");
    put("first");
  }

  private void put(String name) throws IOException {
    Files.copy(directory.resolve(name + ".crt.pem"), certificate, REPLACE);
    Files.copy(directory.resolve(name + ".key.pem"), key, REPLACE);
  }

  private void start(Map<String, String> more) throws IOException {
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            FakeSpark.create(directory.resolve("spark")),
            new GatewayFixture.Cluster(),
            more);
  }

  private void startWithPem() throws IOException {
    start(
        Map.of(
            "GATEWAY_TLS_CERTIFICATE_FILE",
            certificate.toString(),
            "GATEWAY_TLS_KEY_FILE",
            key.toString()));
  }

  @AfterEach
  void stop() {
    if (gateway != null) {
      gateway.close();
    }
  }

  private SSLContext trusting(String... names) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    for (String name : names) {
      KeyStore own =
          KeyStore.getInstance(
              directory.resolve(name + "-key.p12").toFile(), Certificates.PASSWORD.toCharArray());
      trusted.setCertificateEntry(name, own.getCertificate(name));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private HttpResponse<String> get(String trusted, String path) throws Exception {
    try (HttpClient client = HttpClient.newBuilder().sslContext(trusting(trusted)).build()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("https://localhost:" + gateway.server().port() + path))
              .timeout(Duration.ofSeconds(30))
              .header("Authorization", "Bearer " + GatewayFixture.TOKEN.reveal())
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private String subject(String protocol) throws Exception {
    try (SSLSocket socket =
        (SSLSocket)
            trusting("first", "second")
                .getSocketFactory()
                .createSocket("127.0.0.1", gateway.server().port())) {
      socket.setEnabledProtocols(new String[] {protocol});
      socket.startHandshake();
      Certificate[] chain = socket.getSession().getPeerCertificates();
      return ((X509Certificate) chain[0]).getSubjectX500Principal().getName();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void it_speaks_tls(String protocol) throws Exception {
    startWithPem();
    assertThat(subject(protocol)).isEqualTo("CN=first");
    assertThat(gateway.server().certificate().orElseThrow().factory().getIncludeProtocols())
        .containsExactlyInAnyOrder("TLSv1.2", "TLSv1.3");
  }

  @Test
  void calls_are_answered() throws Exception {
    startWithPem();
    HttpResponse<String> me = get("first", "/api/v1/me");
    assertThat(me.statusCode()).isEqualTo(200);
    assertThat(me.headers().firstValue("Strict-Transport-Security"))
        .as("other ports of the host may have no TLS")
        .isEmpty();
    assertThatThrownBy(() -> get("second", "/healthz")).isInstanceOf(SSLException.class);
  }

  @Test
  void a_key_store_does_the_same_and_browsers_come_back_by_tls_if_wanted() throws Exception {
    start(
        Map.of(
            "GATEWAY_TLS_HSTS",
            "true",
            "GATEWAY_TLS_KEYSTORE_FILE",
            directory.resolve("first-key.p12").toString(),
            "GATEWAY_TLS_PASSWORD",
            Certificates.PASSWORD));
    HttpResponse<String> answer = get("first", "/healthz");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Strict-Transport-Security"))
        .contains("max-age=31536000");
  }

  @Test
  void who_comes_without_tls_is_told_so() throws Exception {
    startWithPem();
    String answer = plain("GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(answer)
        .startsWith("HTTP/1.1 400 ")
        .contains("This port speaks TLS")
        .contains("Connection: close")
        .doesNotContain("Strict-Transport-Security");
    assertThat(plain("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400 ");
  }

  @Test
  void nobody_is_let_in_without_tls_by_saying_that_there_was_some() throws Exception {
    start(
        Map.of(
            "TRUSTED_PROXIES",
            "127.0.0.0/8",
            "GATEWAY_TLS_CERTIFICATE_FILE",
            certificate.toString(),
            "GATEWAY_TLS_KEY_FILE",
            key.toString()));
    assertThat(
            plain("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n\r\n"))
        .startsWith("HTTP/1.1 400 ");
  }

  private String plain(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.server().port())) {
      socket.setSoTimeout(30_000);
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void a_renewed_certificate_serves_without_a_restart() throws Exception {
    startWithPem();
    CertificateWatch watch = gateway.server().certificate().orElseThrow();
    assertThat(get("first", "/healthz").statusCode()).isEqualTo(200);
    put("second");
    watch.look();
    assertThat(get("second", "/healthz").statusCode()).isEqualTo(200);
    assertThat(subject("TLSv1.3")).isEqualTo("CN=second");
    assertThat(subject("TLSv1.2")).isEqualTo("CN=second");
  }

  @Test
  void a_broken_one_does_not() throws Exception {
    startWithPem();
    CertificateWatch watch = gateway.server().certificate().orElseThrow();
    // The certificate is there already, its key not yet.
    Files.copy(directory.resolve("second.crt.pem"), certificate, REPLACE);
    watch.look();
    watch.look();
    watch.look();
    assertThat(get("first", "/healthz").statusCode()).isEqualTo(200);
    Files.delete(certificate);
    watch.look();
    assertThat(get("first", "/healthz").statusCode()).isEqualTo(200);
    put("second");
    watch.look();
    assertThat(get("second", "/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void browsers_keep_sessions_for_tls_alone() throws Exception {
    MockOAuth2Server provider = new MockOAuth2Server();
    provider.start();
    // Keys are made when somebody asks for them.
    provider.issueToken("people");
    try (InputStream keys = provider.jwksUrl("people").url().openStream()) {
      keys.readAllBytes();
      start(
          Map.of(
              "OIDC_ISSUER",
              provider.issuerUrl("people").toString(),
              "OIDC_CLIENT_ID",
              "spark",
              "GATEWAY_TLS_CERTIFICATE_FILE",
              certificate.toString(),
              "GATEWAY_TLS_KEY_FILE",
              key.toString()));
      HttpResponse<String> begun = get("first", "/sign-in");
      assertThat(begun.statusCode()).isEqualTo(302);
      assertThat(begun.headers().firstValue("Location").orElseThrow())
          .contains("redirect_uri=https%3A%2F%2Flocalhost");
      assertThat(begun.headers().allValues("Set-Cookie"))
          .allSatisfy(cookie -> assertThat(cookie).contains("; Secure"));
    } finally {
      provider.shutdown();
    }
  }
}
