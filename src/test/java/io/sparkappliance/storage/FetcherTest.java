package io.sparkappliance.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.settings.ConfigurationException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FetcherTest {
  private static final FetchLimits IMPATIENT =
      new FetchLimits(
          Duration.ofSeconds(2),
          Duration.ofMillis(700),
          Duration.ofMillis(1500),
          3,
          Duration.ofMillis(5));

  @TempDir Path directory;

  private final AtomicInteger requests = new AtomicInteger();
  private final CountDownLatch testIsOver = new CountDownLatch(1);
  private final Fetcher fetcher = new Fetcher(Map.of(), IMPATIENT);
  private HttpServer server;
  private ExecutorService threads;
  private Path target;

  /** What a server does with a request. */
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  @BeforeEach
  void startServer() throws IOException {
    target = directory.resolve("fetched/file");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stopServer() {
    testIsOver.countDown();
    fetcher.close();
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void copiesALocalFileForItsOwnerOnly() throws IOException {
    Path file = Files.writeString(directory.resolve("with space"), "content");
    fetch(file.toString());
    assertThat(target).hasContent("content");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
        .isEqualTo("rw-------");
    Files.writeString(file, "changed");
    fetch(file.toUri().toString());
    assertThat(target).hasContent("changed");
  }

  @Test
  void missingFileIsExplained() {
    assertThatThrownBy(() -> fetch("/no/such.conf"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "1 problem with the configuration:\n"
                + "1. EXT_CONF=/no/such.conf: there is no such file.\n"
                + "   Check the path; in a container the file must be mounted, for example -v"
                + " /here/file:/no/such.conf:ro.");
  }

  @ParameterizedTest
  @CsvSource({
    "relative/path, an absolute path",
    "ftp://host/file, an absolute path",
    "file://host/a, no valid file: URI",
    "http:///nohost, no valid URL",
    "'http://h/with space', no valid URL",
    "s3://bucketonly, no S3 object",
    "/, not a file"
  })
  void locationsThatCanNotWorkAreRefused(String location, String reason) {
    assertThatThrownBy(() -> fetch(location))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("EXT_CONF=" + location + ": ")
        .hasMessageContaining(reason);
    assertThat(target).doesNotExist();
  }

  @Test
  void fetchesOverHttp() {
    answer("/file", exchange -> send(exchange, 200, "content"));
    fetch(url("/file"));
    assertThat(target).hasContent("content");
  }

  @Test
  void followsRedirects() {
    answer(
        "/old",
        exchange -> {
          exchange.getResponseHeaders().set("Location", "/new");
          send(exchange, 302, "");
        });
    answer("/new", exchange -> send(exchange, 200, "content"));
    fetch(url("/old"));
    assertThat(target).hasContent("content");
  }

  @ParameterizedTest
  @CsvSource({
    "401, asks for a login",
    "403, refuses access",
    "404, has no such file",
    "410, has no such file",
    "418, answered 418"
  })
  void refusalsAreFinalAndExplained(int status, String reason) {
    answer("/file", exchange -> send(exchange, status, "an error page"));
    assertThatThrownBy(() -> fetch(url("/file"))).hasMessageContaining(reason);
    assertThat(requests).hasValue(1);
    assertNothingIsLeft();
  }

  @Test
  void failureOfTheServerIsTriedAgain() {
    answer(
        "/file",
        exchange ->
            send(exchange, requests.get() < 3 ? 503 : 200, requests.get() < 3 ? "no" : "content"));
    fetch(url("/file"));
    assertThat(target).hasContent("content");
    assertThat(requests).hasValue(3);
  }

  @Test
  void serverThatKeepsFailingIsNotTriedForEver() {
    answer("/file", exchange -> send(exchange, 500, "oops"));
    assertThatThrownBy(() -> fetch(url("/file")))
        .hasMessageContaining("the server failed (500), tried 3 times");
    assertThat(requests).hasValue(3);
    assertNothingIsLeft();
  }

  @Test
  void truncatedBodyIsNoFile() {
    answer(
        "/file",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(new byte[10]);
          exchange.getResponseBody().flush();
          // Closing early makes the server cut the connection.
          exchange.close();
        });
    assertThatThrownBy(() -> fetch(url("/file")))
        .hasMessageContaining("the transfer broke off")
        .hasMessageContaining("tried 3 times");
    assertNothingIsLeft();
  }

  @Test
  void brokenTransferLeavesTheOldFileAlone() throws IOException {
    Files.createDirectories(target.getParent());
    Files.writeString(target, "old");
    answer("/file", exchange -> send(exchange, 404, "gone"));
    assertThatThrownBy(() -> fetch(url("/file"))).isInstanceOf(ConfigurationException.class);
    assertThat(target).hasContent("old");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Digest", "Repr-Digest", "Content-MD5"})
  void announcedChecksumIsChecked(String header) {
    answer(
        "/good",
        exchange -> {
          exchange.getResponseHeaders().set(header, digest(header, "content"));
          send(exchange, 200, "content");
        });
    answer(
        "/bad",
        exchange -> {
          exchange.getResponseHeaders().set(header, digest(header, "content"));
          send(exchange, 200, "c0ntent");
        });
    fetch(url("/good"));
    assertThat(target).hasContent("content");
    assertThatThrownBy(() -> fetch(url("/bad")))
        .hasMessageContaining("checksum is not the announced");
    assertThat(target).hasContent("content");
  }

  @Test
  void serverThatDoesNotAnswerIsGivenUp() {
    answer("/file", exchange -> waitUntilTheTestIsOver());
    assertThatThrownBy(() -> fetch(url("/file"))).hasMessageContaining("no answer within");
  }

  @Test
  void bodyThatDripsIsGivenUp() {
    answer(
        "/file",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(new byte[10]);
          exchange.getResponseBody().flush();
          waitUntilTheTestIsOver();
        });
    assertThatThrownBy(() -> fetch(url("/file")))
        .hasMessageContaining("was not complete after 1 s");
    assertNothingIsLeft();
  }

  @Test
  void proxyOfTheEnvironmentIsAsked() {
    List<String> asked = new CopyOnWriteArrayList<>();
    answer(
        "/file",
        exchange -> {
          asked.add(exchange.getRequestURI().toString());
          send(exchange, 200, "content");
        });
    try (Fetcher behindProxy = new Fetcher(Map.of("HTTP_PROXY", url("/")), IMPATIENT)) {
      behindProxy.fetch("EXT_CONF", "http://files.invalid/file", target);
    }
    assertThat(target).hasContent("content");
    assertThat(asked).containsExactly("http://files.invalid/file");
  }

  @Test
  void portWhereNobodyListensIsExplained() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    assertThatThrownBy(() -> fetch("http://127.0.0.1:" + port + "/x"))
        .hasMessageContaining("nothing listens at 127.0.0.1:" + port);
  }

  @Test
  void unknownHostIsExplained() {
    assertThatThrownBy(() -> fetch("http://no-such-host.invalid/x"))
        .hasMessageContaining("the host no-such-host.invalid is unknown");
  }

  @Test
  void userOfTheUrlLogsInAndIsNeverShown() {
    List<String> logins = new CopyOnWriteArrayList<>();
    answer(
        "/file",
        exchange -> {
          String login = exchange.getRequestHeaders().getFirst("Authorization");
          if (login == null) {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"files\"");
            send(exchange, 401, "");
          } else {
            logins.add(login);
            send(exchange, 200, "content");
          }
        });
    answer("/missing", exchange -> send(exchange, 404, ""));
    String withUser = url("/").replace("http://", "http://ann:s3cret@");
    fetch(withUser + "file");
    assertThat(target).hasContent("content");
    assertThat(logins)
        .containsExactly(
            "Basic "
                + Base64.getEncoder()
                    .encodeToString("ann:s3cret".getBytes(StandardCharsets.UTF_8)));
    assertThatThrownBy(() -> fetch(withUser + "missing?signature=abc"))
        .hasMessageContaining("***@127.0.0.1")
        .hasMessageNotContainingAny("ann", "s3cret", "abc");
  }

  private void fetch(String location) {
    assertThat(fetcher.fetch("EXT_CONF", location, target)).isEqualTo(target);
  }

  private void answer(String path, Answer answer) {
    server.createContext(
        path,
        exchange -> {
          requests.incrementAndGet();
          try (exchange) {
            answer.to(exchange);
          }
        });
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  private void waitUntilTheTestIsOver() {
    try {
      testIsOver.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private static String digest(String header, String content) {
    try {
      boolean md5 = header.equals("Content-MD5");
      byte[] digest =
          MessageDigest.getInstance(md5 ? "MD5" : "SHA-256")
              .digest(content.getBytes(StandardCharsets.UTF_8));
      String base64 = Base64.getEncoder().encodeToString(digest);
      return switch (header) {
        case "Content-MD5" -> base64;
        case "Repr-Digest" -> "sha-256=:" + base64 + ":";
        default -> "SHA-256=" + base64;
      };
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private void assertNothingIsLeft() {
    assertThat(target.getParent()).isEmptyDirectory();
  }
}
