package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.sparkappliance.settings.EnvironmentProxies;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.testing.Certificates;
import io.sparkappliance.testing.WebhookReceiver;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls to real servers on loopback. */
class WebhookClientTest {
  private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);
  private static final WebhookClient.Limits PATIENT =
      new WebhookClient.Limits(Duration.ofSeconds(20), Duration.ofSeconds(20));

  @TempDir private Path directory;
  private WebhookReceiver receiver;

  @BeforeEach
  void start() throws IOException {
    receiver = new WebhookReceiver();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  private static WebhookClient client(
      Settings.Webhooks settings, WebhookClient.Lookup lookup, Map<String, String> environment) {
    return new WebhookClient(
        settings,
        new EnvironmentProxies(environment),
        lookup,
        (SSLSocketFactory) SSLSocketFactory.getDefault(),
        PATIENT);
  }

  private static void post(WebhookClient client, URI address) throws WebhookFailure {
    try (client) {
      client.post(address, Map.of("X-Test", "yes"), BODY);
    }
  }

  private static WebhookFailure failure(WebhookClient client, URI address) {
    return catchThrowableOfType(WebhookFailure.class, () -> post(client, address));
  }

  private URI byName(String path) {
    return URI.create("http://hooks.example.org:" + receiver.port() + path);
  }

  private Settings.Webhooks named() {
    return WebhookFixture.loopback("hooks.example.org:" + receiver.port());
  }

  @Test
  void a_name_is_looked_up_once_and_what_was_found_is_connected_to() throws Exception {
    AtomicInteger lookups = new AtomicInteger();
    WebhookClient.Lookup rebinding =
        host -> {
          assertThat(host).isEqualTo("hooks.example.org");
          String address = lookups.getAndIncrement() == 0 ? "127.0.0.1" : "169.254.169.254";
          return new InetAddress[] {InetAddress.ofLiteral(address)};
        };
    post(client(named(), rebinding, Map.of()), byName("/a%20b?c=d"));
    assertThat(lookups).hasValue(1);
    WebhookReceiver.Message message = receiver.messages().getFirst();
    assertThat(message.target()).isEqualTo("/a%20b?c=d");
    assertThat(message.header("Host")).isEqualTo("hooks.example.org:" + receiver.port());
    assertThat(message.header("X-Test")).isEqualTo("yes");
    assertThat(message.body()).isEqualTo("{}");
  }

  @Test
  void a_name_of_a_private_address_is_not_called() {
    Settings.Webhooks publicOnly =
        WebhookFixture.settings("hooks.example.org:" + receiver.port(), Map.of());
    WebhookFailure failure =
        failure(
            client(
                publicOnly, _ -> new InetAddress[] {InetAddress.ofLiteral("127.0.0.1")}, Map.of()),
            byName("/"));
    assertThat(failure).hasMessageContaining("WEBHOOK_PRIVATE_NETWORKS");
    assertThat(failure.isLasting()).isTrue();
    assertThat(receiver.messages()).isEmpty();
  }

  @Test
  void of_several_addresses_only_those_are_called_that_may_be() throws Exception {
    post(
        client(
            named(),
            _ ->
                new InetAddress[] {
                  InetAddress.ofLiteral("169.254.169.254"),
                  InetAddress.ofLiteral("127.0.0.2"),
                  InetAddress.ofLiteral("127.0.0.1")
                },
            Map.of()),
        byName("/"));
    assertThat(receiver.messages()).hasSize(1);
  }

  @Test
  void a_host_that_is_not_allowed_any_more_is_not_called() {
    WebhookFailure failure =
        failure(
            client(
                WebhookFixture.loopback("other.example.org"), InetAddress::getAllByName, Map.of()),
            receiver.url("/"));
    assertThat(failure).hasMessageContaining("WEBHOOK_HOSTS");
    assertThat(failure.isLasting()).isTrue();
    assertThat(receiver.messages()).isEmpty();
  }

  private Settings.Webhooks numbered() {
    return WebhookFixture.loopback("127.0.0.1:" + receiver.port());
  }

  @Test
  void a_redirect_is_not_followed() {
    receiver.answer(_ -> 307);
    WebhookFailure failure =
        failure(client(numbered(), InetAddress::getAllByName, Map.of()), receiver.url("/"));
    assertThat(failure).hasMessageContaining("redirect (307)");
    assertThat(failure.isLasting()).isTrue();
    assertThat(receiver.messages())
        .extracting(WebhookReceiver.Message::target)
        .containsExactly("/");
  }

  @Test
  void errors_pass_unless_no_more_messages_are_wanted() {
    for (int status : List.of(400, 404, 500, 503)) {
      receiver.answer(_ -> status);
      WebhookFailure failure =
          failure(client(numbered(), InetAddress::getAllByName, Map.of()), receiver.url("/"));
      assertThat(failure).hasMessage("answered " + status);
      assertThat(failure.isLasting()).isFalse();
    }
    receiver.answer(_ -> 410);
    assertThat(
            failure(client(numbered(), InetAddress::getAllByName, Map.of()), receiver.url("/"))
                .isLasting())
        .isTrue();
  }

  @Test
  void nobody_there_and_nobody_known_may_pass() {
    receiver.close();
    assertThat(
            failure(client(numbered(), InetAddress::getAllByName, Map.of()), receiver.url("/"))
                .isLasting())
        .isFalse();
    assertThat(
            failure(
                client(
                    named(),
                    host -> {
                      throw new UnknownHostException(host);
                    },
                    Map.of()),
                byName("/")))
        .hasMessage("the host is unknown");
  }

  /** A server that sends these bytes again and again, for as long as somebody listens. */
  private static ServerSocket chatty(String bytes) throws IOException {
    ServerSocket server = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(
            () -> {
              try (Socket client = server.accept()) {
                OutputStream out = client.getOutputStream();
                while (true) {
                  out.write(bytes.getBytes(StandardCharsets.US_ASCII));
                  out.flush();
                  Thread.sleep(20);
                }
              } catch (IOException | InterruptedException over) {
                // That was the test.
              }
            });
    return server;
  }

  @Test
  void whoever_answers_without_end_is_left_in_time() throws Exception {
    try (ServerSocket slow = chatty("H")) {
      Settings.Webhooks settings = WebhookFixture.loopback("127.0.0.1:" + slow.getLocalPort());
      WebhookClient client =
          new WebhookClient(
              settings,
              new EnvironmentProxies(Map.of()),
              InetAddress::getAllByName,
              (SSLSocketFactory) SSLSocketFactory.getDefault(),
              new WebhookClient.Limits(Duration.ofSeconds(20), Duration.ofMillis(400)));
      WebhookFailure failure =
          failure(client, URI.create("http://127.0.0.1:" + slow.getLocalPort() + "/"));
      assertThat(failure).hasMessage("no answer within 0.4 s");
      assertThat(failure.isLasting()).isFalse();
    }
  }

  @Test
  void what_is_no_answer_is_not_taken_for_one() throws Exception {
    try (ServerSocket other = chatty("220 smtp.example.org ready\r\n")) {
      Settings.Webhooks settings = WebhookFixture.loopback("127.0.0.1:" + other.getLocalPort());
      assertThatThrownBy(
              () ->
                  post(
                      client(settings, InetAddress::getAllByName, Map.of()),
                      URI.create("http://127.0.0.1:" + other.getLocalPort() + "/")))
          .hasMessageContaining("no answer in HTTP/1.1");
    }
  }

  private SSLContext context(String name) throws Exception {
    char[] password = Certificates.PASSWORD.toCharArray();
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(
        KeyStore.getInstance(directory.resolve(name + "-key.p12").toFile(), password), password);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(KeyStore.getInstance(directory.resolve(name + "-trust.p12").toFile(), password));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  /** Passes on one connection. */
  private static ServerSocket tunnel(List<String> requests, int port) throws IOException {
    ServerSocket proxy = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(
            () -> {
              try (Socket client = proxy.accept();
                  Socket target = new Socket(InetAddress.getLoopbackAddress(), port)) {
                StringBuilder head = new StringBuilder();
                while (head.indexOf("\r\n\r\n") < 0) {
                  head.append((char) client.getInputStream().read());
                }
                requests.add(head.toString());
                client
                    .getOutputStream()
                    .write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                InputStream there = client.getInputStream();
                Thread up = Thread.startVirtualThread(() -> copy(there, target));
                copy(target.getInputStream(), client);
                up.join();
              } catch (IOException | InterruptedException over) {
                // That was the test.
              }
            });
    return proxy;
  }

  private static void copy(InputStream in, Socket out) {
    try {
      in.transferTo(out.getOutputStream());
    } catch (IOException over) {
      // That was the test.
    }
  }

  @Test
  void a_certificate_has_to_be_that_of_the_name_directly_and_through_a_proxy() throws Exception {
    Certificates.make(directory, "hooks", List.of("dns:hooks.example.org"));
    SSLContext context = context("hooks");
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    AtomicInteger calls = new AtomicInteger();
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext(
        "/",
        exchange -> {
          calls.incrementAndGet();
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    int port = server.getAddress().getPort();
    Settings.Webhooks settings =
        WebhookFixture.loopback("hooks.example.org:" + port + ",other.example.org:" + port);
    WebhookClient.Lookup here = _ -> new InetAddress[] {InetAddress.ofLiteral("127.0.0.1")};
    List<String> requests = new CopyOnWriteArrayList<>();
    try (ServerSocket proxy = tunnel(requests, port)) {
      for (Map<String, String> environment :
          List.of(
              Map.<String, String>of(),
              Map.of("HTTPS_PROXY", "http://127.0.0.1:" + proxy.getLocalPort()))) {
        post(
            new WebhookClient(
                settings,
                new EnvironmentProxies(environment),
                here,
                context.getSocketFactory(),
                PATIENT),
            URI.create("https://hooks.example.org:" + port + "/"));
      }
      assertThat(calls).hasValue(2);
      assertThat(requests)
          .singleElement()
          .asString()
          .startsWith("CONNECT hooks.example.org:" + port + " HTTP/1.1\r\n");
      WebhookFailure wrongName =
          failure(
              new WebhookClient(
                  settings,
                  new EnvironmentProxies(Map.of()),
                  here,
                  context.getSocketFactory(),
                  PATIENT),
              URI.create("https://other.example.org:" + port + "/"));
      assertThat(wrongName).hasMessageStartingWith("TLS failed");
      assertThat(calls).hasValue(2);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void through_a_proxy_it_is_the_proxy_that_looks_names_up() throws Exception {
    Map<String, String> environment =
        Map.of("HTTP_PROXY", "http://127.0.0.1:" + receiver.port(), "NO_PROXY", "near.example.org");
    WebhookClient.Lookup nobody =
        host -> {
          throw new UnknownHostException(host);
        };
    Settings.Webhooks settings =
        WebhookFixture.settings("far.example.org,near.example.org,10.0.0.7", Map.of());
    post(client(settings, nobody, environment), URI.create("http://far.example.org/x?y=z"));
    WebhookReceiver.Message message = receiver.messages().getFirst();
    assertThat(message.target()).isEqualTo("http://far.example.org:80/x?y=z");
    assertThat(message.header("Host")).isEqualTo("far.example.org");

    assertThat(
            failure(client(settings, nobody, environment), URI.create("http://near.example.org")))
        .hasMessage("the host is unknown");
    assertThat(failure(client(settings, nobody, environment), URI.create("http://10.0.0.7/")))
        .hasMessageContaining("WEBHOOK_PRIVATE_NETWORKS");
    assertThat(receiver.messages()).hasSize(1);
  }
}
