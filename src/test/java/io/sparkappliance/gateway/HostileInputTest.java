package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.FakeSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What no client library would send, byte by byte. */
class HostileInputTest {
  private static final String TOKEN = "Authorization: Bearer " + GatewayFixture.TOKEN.reveal();

  /** Short, so that nobody waits; far from what a test may take. */
  private static final Doors.Limits LIMITS =
      new Doors.Limits(50, Duration.ofSeconds(5), Duration.ofSeconds(2), 1 << 20);

  @TempDir private static Path directory;
  private static GatewayFixture gateway;

  @BeforeAll
  static void start() throws IOException {
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            FakeSpark.create(directory.resolve("spark")),
            new GatewayFixture.Cluster(),
            Map.of("MAX_UPLOAD_SIZE", "2m"),
            LIMITS);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static int port() {
    return gateway.server().port();
  }

  private static String lines(String... lines) {
    return String.join("\r\n", lines) + "\r\n\r\n";
  }

  private static void assertNothingIsLeft() {
    Awaitility.await()
        .untilAsserted(
            () -> {
              assertThat(directory.resolve("data/jobs/incoming")).isEmptyDirectory();
              assertThat(directory.resolve("data/jobs/processes")).isEmptyDirectory();
            });
  }

  private static void assertNoJob() throws IOException {
    assertThat(json(gateway.get("/api/v1/jobs?limit=1")).path("jobs").size()).isZero();
  }

  static Stream<String> malformedRequests() {
    return Stream.of(
        lines("GET /healthz HTTP/1.1"),
        lines("GET /healthz HTTP/1.1", "Host: a", "Host: b"),
        lines("GET /healthz HTTP/1.1", "Host: a b"),
        lines("GET /healthz HTTP/1.1", "Host: a", "X : y"),
        lines("GET /healthz HTTP/1.1", "Host: a", "X: y\rZ: z"),
        lines("GET /healthz HTTP/1.1", "Host: a", "X: y\0z"),
        lines("GET /healthz HTTP/1.1", "Host: a", " folded: y"),
        lines("GET /health\0z HTTP/1.1", "Host: a"),
        lines("GET /healthz HTTP/3.7", "Host: a"),
        lines("G@T /healthz HTTP/1.1", "Host: a"),
        lines("POST /send_query HTTP/1.1", "Host: a", "Content-Length: -1"),
        lines("POST /send_query HTTP/1.1", "Host: a", "Content-Length: 1x"),
        lines("POST /send_query HTTP/1.1", "Host: a", "Content-Length: 99999999999999999999"),
        lines("POST /send_query HTTP/1.1", "Host: a", "Content-Length: 3", "Content-Length: 4")
            + "abcd",
        lines(
                "POST /send_query HTTP/1.1",
                "Host: a",
                "Content-Length: 3",
                "Transfer-Encoding: chunked")
            + "0\r\n\r\nGET /get_master_ip HTTP/1.1\r\nHost: a\r\n\r\n",
        lines("POST /send_query HTTP/1.1", "Host: a", "Transfer-Encoding: chunked, identity"),
        lines("POST /send_query HTTP/1.1", "Host: a", "Transfer-Encoding: xchunked"));
  }

  @ParameterizedTest
  @MethodSource("malformedRequests")
  void a_request_that_two_servers_could_read_differently_is_refused_with_its_connection(
      String request) throws Exception {
    String answer = RawHttp.exchange(port(), request);
    assertThat(RawHttp.status(answer)).as(answer).isIn(400, 501, 505);
    assertThat(answer)
        .containsIgnoringCase("connection: close")
        .doesNotContain("Exception", "Jetty", "<html", "org.eclipse");
    assertThat(answer.split("HTTP/1\\.1 ", -1)).as("one answer").hasSize(2);
    assertNothingIsLeft();
  }

  @Test
  void headers_without_end_are_refused() throws Exception {
    String large =
        RawHttp.exchange(
            port(), lines("GET /healthz HTTP/1.1", "Host: a", "X: " + "y".repeat(200_000)));
    assertThat(RawHttp.status(large)).isEqualTo(431);
    assertThat(large).contains("application/json", "too large").doesNotContain("<html");
    String many =
        RawHttp.exchange(
            port(), lines("GET /healthz HTTP/1.1", "Host: a", "X: y\r\n".repeat(9_999)));
    assertThat(RawHttp.status(many)).isIn(400, 431);
    String address =
        RawHttp.exchange(port(), lines("GET /" + "x".repeat(200_000) + " HTTP/1.1", "Host: a"));
    assertThat(RawHttp.status(address)).isIn(414, 431);
    // A token of a provider can be long.
    String token =
        RawHttp.exchange(
            port(),
            lines(
                "GET /api/v1/me HTTP/1.1",
                "Host: a",
                "Connection: close",
                "Authorization: Bearer " + "t".repeat(20_000)));
    assertThat(RawHttp.status(token)).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TRACE /healthz",
        "CONNECT localhost:80",
        "CONNECT /healthz",
        "PROPFIND /",
        "PUT /send_query",
        "PATCH /api/v1/jobs",
        "GET /send_query",
        "get /healthz",
        "DELETE /healthz"
      })
  void methods_that_nobody_asked_for_do_nothing(String line) throws Exception {
    String answer =
        RawHttp.exchange(
            port(), lines(line + " HTTP/1.1", "Host: a", TOKEN, "X: y", "Connection: close"));
    assertThat(RawHttp.status(answer)).as(answer).isIn(400, 404, 405, 501);
    assertThat(answer).doesNotContain(GatewayFixture.TOKEN.reveal());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/%6d%65/..%2fqueries",
        "/api/v1/jobs/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/jobs/%2e%2e/%2e%2e/x",
        "/ui/assets/..%2f..%2fopenapi.yaml",
        "/ui/assets/%2e%2e%2fopenapi.yaml",
        "/ui/assets/..;/openapi.yaml",
        "/ui/assets/app.js%00.css",
        "/get_job_status/%c0%ae%c0%ae%c0%af",
        "/get_job_status/%ff%fe",
        "/get_job_status/%0d%0aSet-Cookie:x",
        "/get_job_status/%",
        "/api/v1/jobs/\\..\\x",
        "//else.example/%2e%2e",
        "/healthz/../api/v1/me"
      })
  void odd_paths_lead_nowhere(String path) throws Exception {
    String answer =
        RawHttp.exchange(
            port(), lines("GET " + path + " HTTP/1.1", "Host: a", "Connection: close"));
    assertThat(RawHttp.status(answer)).as(answer).isBetween(400, 404);
    assertThat(answer).doesNotContain("Set-Cookie", "openapi:", "root:", "Exception");
  }

  @Test
  void what_is_packed_is_not_unpacked() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(packed)) {
      zip.write(new byte[100 << 20]);
    }
    for (String path : List.of("/api/v1/queries", "/api/v1/applications", "/send_query")) {
      HttpResponse<String> answer =
          gateway.send(
              gateway
                  .request(path)
                  .header("Content-Type", "application/json")
                  .header("Content-Encoding", "gzip")
                  .POST(BodyPublishers.ofByteArray(packed.toByteArray())));
      assertThat(answer.statusCode()).isEqualTo(415);
      assertThat(answer.headers().firstValue("Accept-Encoding")).contains("identity");
      assertThat(json(answer).path("error").asText()).isNotEmpty();
    }
    assertNothingIsLeft();
    assertNoJob();
  }

  private static HttpResponse<String> query(byte[] body) throws IOException {
    return gateway.send(
        gateway
            .request("/api/v1/queries")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(body)));
  }

  static Stream<String> hostileJson() {
    String digits = "9".repeat(100_000);
    return Stream.of(
        "{\"sql\": \"select 1\", \"time_limit_seconds\": " + digits + "}",
        "{\"sql\": \"select 1\", \"time_limit_seconds\": 1e999999999}",
        "{\"sql\": \"select 1\", \"time_limit_seconds\": 1e-999999999}",
        "{\"sql\": \"select 1\", \"params\": {\"p\": " + digits + "}}",
        "{\"sql\": \"select 1\", \"params\": {\"p\": 1e999999999}}",
        "{\"sql\": \"select 1\", \"params\": {\"p\": NaN}}",
        "{\"sql\": \"select 1\", \"sql\": \"drop table x\"}",
        "{\"sql\": \"select 1\", \"params\": {\"p\": 1, \"p\": 2}}",
        "{\"sql\": \"select 1\", \"\\u0073ql\": \"drop table x\"}",
        "{\"sql\": \"select 1\"} {\"sql\": \"select 2\"}",
        "{\"sql\": \"select 1\", \"" + "k".repeat(100_000) + "\": 1}",
        "{\"a\":".repeat(10_000),
        "{\"sql\": \"select 1\", \"name\": \"" + "n".repeat(1_000_000) + "\"}",
        "{\"sql\": \"select 1\", \"name\": \"a\\r\\nSet-Cookie: x\"}",
        "{\"sql\": [\"select 1\"]}",
        "{'sql': 'select 1'}",
        "// x\n{\"sql\": \"select 1\"}",
        "");
  }

  @ParameterizedTest
  @MethodSource("hostileJson")
  void hostile_json_is_refused(String body) throws Exception {
    HttpResponse<String> answer = query(body.getBytes(StandardCharsets.UTF_8));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(json(answer).path("field").asText()).isNotEmpty();
    assertThat(answer.body()).hasSizeLessThan(2_000).doesNotContain("Exception", "jackson");
    assertNoJob();
  }

  @Test
  void text_in_other_encodings_is_refused() throws Exception {
    String text = "{\"sql\": \"select 1\"}";
    List<byte[]> bodies = new ArrayList<>();
    for (String encoding : List.of("UTF-16", "UTF-16LE", "UTF-32")) {
      bodies.add(text.getBytes(Charset.forName(encoding)));
    }
    // Overlong, a surrogate by itself, and cut short.
    for (int[] bytes : new int[][] {{0xc0, 0xa7}, {0xed, 0xa0, 0x80}, {0xe2, 0x82}, {0xff}}) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      body.writeBytes("{\"sql\": \"select '".getBytes(StandardCharsets.US_ASCII));
      for (int value : bytes) {
        body.write(value);
      }
      body.writeBytes("'\"}".getBytes(StandardCharsets.US_ASCII));
      bodies.add(body.toByteArray());
    }
    for (byte[] body : bodies) {
      HttpResponse<String> answer = query(body);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
      assertThat(json(answer).path("field").asText()).isEqualTo("body");
    }
    assertNoJob();
  }

  static Stream<String> hostileForms() {
    String file = "Content-Disposition: form-data; name=\"file\"; filename=\"a.sql\"";
    return Stream.of(
        "multipart/form-data|--x\r\n" + file + "\r\n\r\nselect 1\r\n--x--\r\n",
        "multipart/form-data; boundary=|--\r\n" + file + "\r\n\r\nselect 1\r\n----\r\n",
        "multipart/form-data; boundary=x|--y\r\n" + file + "\r\n\r\nselect 1\r\n--y--\r\n",
        "multipart/form-data; boundary=x|--x\r\n\r\nselect 1\r\n--x--\r\n",
        "multipart/form-data; boundary=x|--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
        "multipart/form-data; boundary=x|--x\r\n"
            + "Y: "
            + "z".repeat(100_000)
            + "\r\n"
            + file
            + "\r\n\r\nselect 1\r\n--x--\r\n",
        "multipart/form-data; boundary=x|"
            + "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n".repeat(20_000)
            + "--x--\r\n",
        "multipart/form-data; boundary=x|--x\r\n"
            + file.replace("\"file\"", "\"file[a][b]\"")
            + "\r\n\r\nselect 1\r\n--x--\r\n",
        "multipart/mixed; boundary=x|--x\r\n" + file + "\r\n\r\nselect 1\r\n--x--\r\n",
        "multipart/form-data; boundary=" + "b".repeat(9_000) + "|select 1");
  }

  @ParameterizedTest
  @MethodSource("hostileForms")
  void a_hostile_form_is_refused(String form) throws Exception {
    String[] parts = form.split("\\|", 2);
    HttpResponse<String> answer =
        gateway.send(
            gateway
                .request("/send_query")
                .header("Content-Type", parts[0])
                .POST(BodyPublishers.ofString(parts[1])));
    assertThat(answer.statusCode()).as(answer.body()).isIn(400, 413);
    assertThat(json(answer).path("field").asText()).isNotEmpty();
    assertThat(answer.body()).doesNotContain("Exception", "jetty");
    assertNothingIsLeft();
    assertNoJob();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "filename*=UTF-8''..%2F..%2Fevil-name.py",
        "filename=\"a.py\"; filename*=UTF-8''%2Fetc%2Fevil-name.py",
        "filename=\"C:\\\\evil-name.py\"",
        "filename=\"/absolute/evil-name.py\"",
        "filename=\"evil-name.py\rSet-Cookie: x\"",
        "filename=..\\..\\evil-name.py"
      })
  void the_name_of_a_file_names_nothing(String name) throws Exception {
    String body =
        "--x\r\nContent-Disposition: form-data; name=\"file\"; "
            + name
            + "\r\n\r\necho here\r\n--x--\r\n";
    HttpResponse<String> answer =
        gateway.send(
            gateway
                .request("/submit_application")
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(BodyPublishers.ofString(body, StandardCharsets.UTF_8)));
    assertThat(answer.statusCode()).as(answer.body()).isIn(200, 400);
    if (answer.statusCode() == 200) {
      gateway.awaitEnd(answer.body());
      gateway.send(
          gateway
              .request("/api/v1/jobs/" + answer.body())
              .method("DELETE", BodyPublishers.noBody()));
    }
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(file -> file.contains("evil"));
    }
  }

  @Test
  void a_line_of_the_audit_log_is_one_object_whatever_was_sent() throws Exception {
    RawHttp.exchange(
        port(),
        lines(
            "POST /%0d%0a%7b%22who%22:%22admin%22%7d%0a HTTP/1.1",
            "Host: a", "Content-Length: 0", "Connection: close"));
    Path log = directory.resolve("data/logs/audit-unknown.log");
    Awaitility.await().until(() -> Files.exists(log) && Files.readString(log).contains("%0d%0a"));
    for (String line : Files.readAllLines(log)) {
      assertThat(new ObjectMapper().readTree(line).path("at").asText()).isNotEmpty();
      assertThat(new ObjectMapper().readTree(line).path("who").asText()).isNotEqualTo("admin");
    }
  }

  @Test
  void a_body_that_trickles_is_given_up() throws Exception {
    for (String head :
        List.of(
            lines(
                "POST /send_query HTTP/1.1",
                "Host: a",
                TOKEN,
                "Content-Type: multipart/form-data; boundary=x",
                "Content-Length: 1000000"),
            lines(
                "POST /api/v1/queries HTTP/1.1",
                "Host: a",
                TOKEN,
                "Content-Type: application/json",
                "Content-Length: 1000000"))) {
      String answer = trickle(head, "a");
      assertThat(RawHttp.status(answer)).as(answer).isEqualTo(408);
      assertThat(answer).contains("too slowly").containsIgnoringCase("connection: close");
    }
    assertNothingIsLeft();
    assertNoJob();
  }

  @Test
  void headers_that_trickle_are_given_up() throws Exception {
    assertThat(trickle("GET /healthz HTTP/1.1\r\nHost: a\r\nX: ", "y")).isEmpty();
    // And so are those of the second request on a connection.
    assertThat(trickle(lines("GET /healthz HTTP/1.1", "Host: a") + "GET /", "y"))
        .contains("200 OK")
        .doesNotContain("404");
  }

  /** Sends a beginning and then byte after byte until the server has enough of it. */
  private static String trickle(String beginning, String more) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(200);
      OutputStream out = socket.getOutputStream();
      out.write(beginning.getBytes(StandardCharsets.ISO_8859_1));
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofMillis(200))
          .until(() -> isOver(socket, more, answer));
      return answer.toString(StandardCharsets.UTF_8);
    }
  }

  private static boolean isOver(Socket socket, String more, ByteArrayOutputStream answer) {
    try {
      socket.getOutputStream().write(more.getBytes(StandardCharsets.ISO_8859_1));
      InputStream in = socket.getInputStream();
      for (int next = in.read(); next >= 0; next = in.read()) {
        answer.write(next);
      }
      return true;
    } catch (SocketTimeoutException nothingYet) {
      return false;
    } catch (IOException closed) {
      return true;
    }
  }

  @Test
  void those_who_take_all_places_lose_them() throws Exception {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < LIMITS.connections() + 20; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
        socket.getOutputStream().write('G');
        idle.add(socket);
      }
      assertThat(gateway.send(gateway.request("/healthz")).statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  @Test
  void a_body_that_comes_at_a_speed_is_taken() throws Exception {
    HttpRequest.Builder request =
        new Form().file("a.py", "x".repeat(1 << 20)).in(gateway.request("/send_query"));
    assertThat(gateway.send(request).statusCode()).as("there is no thrift server").isEqualTo(503);
  }
}
