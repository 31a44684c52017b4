package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.HandlerType;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.testing.FakeSpark;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every call of the gateway, over HTTP, and the document that describes them. */
class GatewayContractTest {
  private static final String UNKNOWN = "0".repeat(32);
  private static final GatewayFixture.Cluster CLUSTER = new GatewayFixture.Cluster();

  @TempDir private static Path directory;
  private static GatewayFixture gateway;
  private static ApiDefinition definition;

  @BeforeAll
  static void start() throws IOException {
    definition = new ApiDefinition();
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            FakeSpark.create(directory.resolve("spark")),
            CLUSTER,
            Map.of("MAX_UPLOAD_SIZE", "2m"));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @BeforeEach
  void emptyCluster() {
    CLUSTER.master = Optional.empty();
    CLUSTER.uri = Optional.empty();
    CLUSTER.thrift = Optional.empty();
    CLUSTER.connect = Optional.empty();
  }

  private static HttpResponse<String> get(String path) throws IOException {
    return definition.check("get", path, gateway.get(path));
  }

  private static HttpResponse<String> status(String id) throws IOException {
    return definition.check("get", "/get_job_status/{id}", gateway.get("/get_job_status/" + id));
  }

  private static HttpResponse<String> output(String id) throws IOException {
    return definition.check("get", "/get_job_output/{id}", gateway.get("/get_job_output/" + id));
  }

  private static HttpResponse<String> submit(Form form) throws IOException {
    return definition.check(
        "post", "/submit_application", gateway.post("/submit_application", form));
  }

  private static HttpResponse<String> query(Form form) throws IOException {
    return definition.check("post", "/send_query", gateway.post("/send_query", form));
  }

  @Test
  void the_document_and_the_server_know_the_same_calls() {
    Set<String> served = new TreeSet<>();
    gateway.server().javalin().unsafe.internalRouter.allHttpHandlers().stream()
        .map(handler -> handler.endpoint)
        .filter(
            endpoint ->
                List.of(
                        HandlerType.GET,
                        HandlerType.POST,
                        HandlerType.PUT,
                        HandlerType.DELETE,
                        HandlerType.PATCH)
                    .contains(endpoint.method))
        .forEach(
            endpoint ->
                served.add(
                    endpoint.method.name()
                        + " "
                        // Parameters that may have slashes; OpenAPI has no word for them.
                        + endpoint.path.replace('<', '{').replace('>', '}')));
    assertThat(definition.calls()).isEqualTo(served);
    assertThat(definition.references()).isNotEmpty();
    assertThat(definition.root()).containsEntry("openapi", "3.1.0");
  }

  @Test
  void discovery_tells_where_things_are() throws Exception {
    assertThat(get("/").statusCode()).isEqualTo(200);
    JsonNode discovery = json(get("/.well-known/schema-discovery"));
    assertThat(get(discovery.path("schema_url").asText()).body()).startsWith("openapi: 3.1.0");
    assertThat(get(discovery.path("ui_url").asText()).body()).contains("<title>");
    assertThat(json(get("/healthz")).path("status").asText()).isEqualTo("ok");
  }

  @Test
  void the_cluster_is_told_as_bare_text() throws Exception {
    CLUSTER.master = Optional.of("10.0.0.7");
    CLUSTER.uri = Optional.of("spark://10.0.0.7:7077,10.0.0.8:7077");
    CLUSTER.thrift = Optional.of(new HostAndPort("10.0.0.7", 10_000));
    assertThat(get("/get_master_ip").body()).isEqualTo("10.0.0.7");
    assertThat(get("/get_master_uri").body()).isEqualTo("spark://10.0.0.7:7077,10.0.0.8:7077");
    assertThat(get("/get_thrift_server_uri").body()).isEqualTo("jdbc:hive2://10.0.0.7:10000/");
    CLUSTER.connect = Optional.of(new HostAndPort("10.0.0.7", 15_002));
    assertThat(get("/get_connect_uri").body()).isEqualTo("sc://10.0.0.7:15002/");
  }

  @Test
  void what_is_not_there_is_404() throws Exception {
    for (String path :
        List.of(
            "/get_master_ip", "/get_master_uri", "/get_thrift_server_uri", "/get_connect_uri")) {
      assertThat(get(path).statusCode()).as(path).isEqualTo(404);
    }
    assertThat(status(UNKNOWN).statusCode()).isEqualTo(404);
    assertThat(json(status(UNKNOWN)).path("job_id").asText()).isEqualTo(UNKNOWN);
    assertThat(json(status(UNKNOWN)).path("error").asText()).isNotEmpty();
    assertThat(output(UNKNOWN).statusCode()).isEqualTo(404);
    HttpResponse<String> nowhere = gateway.get("/nowhere?token=x");
    assertThat(nowhere.statusCode()).isEqualTo(404);
    assertThat(json(nowhere).path("error").asText()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%2e%2e",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "a%0d%0aSet-Cookie:%20x=y",
        "unfinished",
        "incoming",
        "x"
      })
  void a_hostile_id_is_just_unknown(String id) throws Exception {
    for (String call : List.of("/get_job_status/", "/get_job_output/")) {
      HttpResponse<String> answer = gateway.get(call + id);
      assertThat(answer.statusCode()).isIn(400, 404);
      assertThat(answer.headers().map()).doesNotContainKey("set-cookie");
    }
  }

  @Test
  void a_job_runs_finishes_and_can_be_read_again_and_again() throws Exception {
    Path go = directory.resolve("go");
    HttpResponse<String> accepted =
        submit(
            new Form()
                .file("wait.py", "echo begun; until [ -e '" + go + "' ]; do :; done; echo \"$@\"")
                .field("job_args", "a 'b c'"));
    assertThat(accepted.statusCode()).isEqualTo(200);
    String id = accepted.body();
    assertThat(id).matches("[0-9a-f]{32}");
    assertThat(status(id).statusCode()).isEqualTo(200);
    assertThat(status(id).body()).isEqualTo("{\"job_id\":\"" + id + "\",\"status\":\"running\"}");
    assertThat(output(id).statusCode()).isEqualTo(404);
    Files.createFile(go);
    assertThat(gateway.awaitEnd(id).statusCode()).isEqualTo(201);
    for (int time = 0; time < 2; time++) {
      assertThat(status(id).body())
          .isEqualTo("{\"job_id\":\"" + id + "\",\"status\":\"finished\"}");
      assertThat(output(id).statusCode()).isEqualTo(200);
      assertThat(output(id).body()).isEqualTo("begun\na b c\n");
    }
  }

  @Test
  void a_failed_job_says_so_before_its_output() throws Exception {
    String id = submit(new Form().file("bad.py", "echo so far; exit 3")).body();
    assertThat(gateway.awaitEnd(id).statusCode()).isEqualTo(500);
    assertThat(status(id).body()).isEqualTo("{\"job_id\":\"" + id + "\",\"status\":\"failed\"}");
    assertThat(output(id).statusCode()).isEqualTo(500);
    assertThat(output(id).body())
        .isEqualTo("Job failed!\nso far\nError: spark-submit ended with exit code 3\n");
  }

  @Test
  void an_application_has_one_format() throws Exception {
    String id = submit(new Form().file("x.py", "echo x")).body();
    gateway.awaitEnd(id);
    for (String format : List.of("csv", "json", "xml", "")) {
      HttpResponse<String> answer =
          definition.check(
              "get",
              "/get_job_output/{id}",
              gateway.get("/get_job_output/" + id + "?format=" + format));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(json(answer).path("field").asText()).isEqualTo("format");
    }
  }

  @Test
  void what_runs_code_or_reads_jobs_asks_for_the_token() throws Exception {
    List<HttpRequest.Builder> guarded =
        List.of(
            gateway.open("/get_job_status/" + UNKNOWN),
            gateway.open("/get_job_output/" + UNKNOWN),
            gateway.open("/get_job_output/" + UNKNOWN).HEAD(),
            new Form().file("a.sql", "select 1").in(gateway.open("/send_query")),
            new Form().file("a.py", "echo").in(gateway.open("/submit_application")));
    for (HttpRequest.Builder request : guarded) {
      HttpResponse<String> without = gateway.send(request.copy());
      assertThat(without.statusCode()).isEqualTo(401);
      assertThat(without.headers().firstValue("WWW-Authenticate"))
          .contains("Bearer realm=\"spark-appliance\"");
      for (String wrong :
          List.of(
              "Bearer nonsense",
              "Bearer",
              "Bearer ",
              "Basic eDp5",
              GatewayFixture.TOKEN.reveal())) {
        assertThat(gateway.send(request.copy().header("Authorization", wrong)).statusCode())
            .as(wrong)
            .isEqualTo(401);
      }
    }
    definition.check(
        "get", "/get_job_status/{id}", gateway.send(gateway.open("/get_job_status/" + UNKNOWN)));
    String right = "bearer " + GatewayFixture.TOKEN.reveal();
    assertThat(
            gateway
                .send(gateway.open("/get_job_status/" + UNKNOWN).header("Authorization", right))
                .statusCode())
        .isEqualTo(404);
    for (String open : List.of("/", "/ui", "/healthz", "/openapi.yaml", "/get_master_ip")) {
      assertThat(gateway.send(gateway.open(open)).statusCode()).isNotEqualTo(401);
    }
  }

  @Test
  void without_authentication_everybody_may() throws Exception {
    try (GatewayFixture open =
        new GatewayFixture(
            directory.resolve("open"),
            directory.resolve("spark"),
            CLUSTER,
            Map.of("API_AUTH", "none"))) {
      HttpResponse<String> accepted =
          open.send(new Form().file("x.py", "echo x").in(open.open("/submit_application")));
      assertThat(accepted.statusCode()).isEqualTo(200);
      open.awaitEnd(accepted.body());
      assertThat(open.send(open.open("/get_job_output/" + accepted.body())).body())
          .isEqualTo("x\n");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Sec-Fetch-Site, cross-site, 403",
    "Sec-Fetch-Site, same-site, 403",
    "Origin, https://example.org, 403",
    "Origin, null, 403",
    "Sec-Fetch-Site, same-origin, 200",
    "Sec-Fetch-Site, none, 200",
    "Origin, http://HOST, 200",
  })
  void without_authentication_pages_of_others_may_not_use_somebodys_browser(
      String header, String value, int status) throws Exception {
    try (GatewayFixture open =
        new GatewayFixture(
            directory.resolve("browsers"),
            directory.resolve("spark"),
            CLUSTER,
            Map.of("API_AUTH", "none"))) {
      URI submit = open.uri("/submit_application");
      HttpRequest.Builder request =
          HttpRequest.newBuilder(submit)
              .header(header, value.replace("HOST", submit.getHost() + ":" + submit.getPort()));
      HttpResponse<String> answer = open.send(new Form().file("x.py", "echo x").in(request));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
      if (status == 200) {
        open.awaitEnd(answer.body());
      } else {
        assertThat(open.send(open.open("/api/v1/jobs")).body()).doesNotContain("\"id\"");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "a.txt | main_class   | x.Main         | file",
        "a.jar | job_args     | x              | main_class",
        "a.jar | main_class   | --master       | main_class",
        "a.py  | job_args     | 'open          | job_args",
        "a.py  | job_settings | --master local | job_settings",
        "a.py  | job_settings | spark.files=/x | job_settings",
      })
  void a_bad_field_is_named(String fileName, String name, String value, String field)
      throws Exception {
    assertBad(submit(new Form().file(fileName, "echo").field(name, value)), field);
  }

  @Test
  void a_bad_query_is_refused_with_the_field() throws Exception {
    assertBad(query(new Form().field("hive_vars", "a=b")), "file");
    assertBad(query(new Form().file("a.sql", "")), "file");
    assertBad(query(new Form().file("a.sql", "-- nothing\n;")), "file");
    assertBad(query(new Form().file("a.sql", new byte[] {(byte) 0xff, (byte) 0xfe})), "file");
    assertBad(query(new Form().file("a.sql", "select 1").field("hive_vars", "a")), "hive_vars");
    assertBad(query(new Form().file("a.sql", "select 1").field("hive_confs", "=")), "hive_confs");
    assertBad(query(new Form().file("a.sql", "select 1").field("password", "x")), "username");
  }

  private static void assertBad(HttpResponse<String> answer, String field) throws IOException {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(json(answer).path("field").asText()).isEqualTo(field);
    assertThat(json(answer).path("reason").asText()).isNotEmpty();
    assertThat(json(answer).path("error").asText()).contains(field);
  }

  @Test
  void what_is_no_form_is_refused() throws Exception {
    HttpRequest.Builder plain =
        gateway
            .request("/send_query")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString("file=x"));
    assertBad(definition.check("post", "/send_query", gateway.send(plain)), "file");
    HttpRequest.Builder nothing = gateway.request("/send_query").POST(BodyPublishers.noBody());
    assertBad(definition.check("post", "/send_query", gateway.send(nothing)), "file");
    for (String body :
        List.of(
            "", "file=x", "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nselect")) {
      HttpRequest.Builder broken =
          gateway
              .request("/send_query")
              .header("Content-Type", "multipart/form-data; boundary=x")
              .POST(BodyPublishers.ofString(body));
      assertBad(definition.check("post", "/send_query", gateway.send(broken)), "file");
    }
    assertNothingIsLeft();
  }

  @Test
  void a_query_without_a_thrift_server_says_how_to_start_one() throws Exception {
    HttpResponse<String> answer = query(new Form().file("a.sql", "select 1"));
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(json(answer).path("error").asText()).contains("START_THRIFTSERVER=true");
    assertNothingIsLeft();
  }

  @Test
  void a_large_upload_is_refused_with_the_limit() throws Exception {
    Form large = new Form().file("large.py", new byte[8 << 20]);
    HttpRequest.Builder announced = large.in(gateway.request("/submit_application"));
    HttpRequest.Builder streamed =
        large.in(
            gateway.request("/submit_application"),
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large.bytes())));
    // Many times: an answer must not get lost because the client still sends.
    for (int i = 0; i < 20; i++) {
      for (HttpRequest.Builder request : List.of(announced, streamed)) {
        HttpResponse<String> answer =
            definition.check("post", "/submit_application", gateway.send(request));
        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(json(answer).path("error").asText()).contains("2m", "MAX_UPLOAD_SIZE");
        assertThat(json(answer).path("limit_bytes").asLong()).isEqualTo(2 << 20);
      }
    }
    HttpRequest.Builder stranger = large.in(gateway.open("/submit_application"));
    assertThat(gateway.send(stranger).statusCode()).isEqualTo(401);
    HttpResponse<String> fields =
        query(
            new Form().file("a.sql", "select 1").field("hive_vars", "a=" + "x".repeat(1_500_000)));
    assertThat(fields.statusCode()).isEqualTo(413);
    HttpResponse<String> disguised =
        query(new Form().file("a.sql", "select 1").file("hive_vars", "x.txt", new byte[1_500_000]));
    assertThat(disguised.statusCode()).as("a field that says it is a file").isEqualTo(413);
    assertNothingIsLeft();
  }

  private static void assertNothingIsLeft() {
    // The server clears a request's parts away once its answer is on its way.
    Awaitility.await()
        .untilAsserted(
            () -> {
              assertThat(directory.resolve("data/jobs/incoming")).isEmptyDirectory();
              assertThat(directory.resolve("data/jobs/processes")).isEmptyDirectory();
            });
  }

  @Test
  void a_hostile_file_name_names_no_file() throws Exception {
    for (String name :
        List.of(
            "../../../../evil-name.py",
            "/evil-name.py",
            "..\\\\..\\\\evil-name.py",
            "evil-name\0.py",
            "evil-name%00.py",
            "x".repeat(7_000) + "evil-name.py",
            "$(touch evil-name).py",
            "evil-name;.py")) {
      HttpResponse<String> answer =
          gateway.post("/submit_application", new Form().file(name, "echo here"));
      assertThat(answer.statusCode()).as(name).isIn(200, 400);
      if (answer.statusCode() == 200) {
        assertThat(gateway.awaitEnd(answer.body()).statusCode()).isEqualTo(201);
        assertThat(output(answer.body()).body()).isEqualTo("here\n");
      }
    }
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.contains("evil"));
    }
  }

  @Test
  void heads_and_options_are_answered_and_other_methods_are_not() throws Exception {
    for (String path : List.of("/", "/healthz", "/openapi.yaml")) {
      HttpResponse<String> head = gateway.send(gateway.request(path).HEAD());
      assertThat(head.statusCode()).isEqualTo(200);
      assertThat(head.body()).isEmpty();
    }
    assertThat(gateway.send(gateway.request("/get_master_ip").HEAD()).statusCode()).isEqualTo(404);
    HttpResponse<String> options =
        gateway.send(gateway.open("/send_query").method("OPTIONS", BodyPublishers.noBody()));
    assertThat(options.statusCode()).isEqualTo(204);
    assertThat(options.headers().firstValue("Allow")).contains("POST, OPTIONS");
    HttpResponse<String> wrong = gateway.get("/send_query");
    assertThat(wrong.statusCode()).isEqualTo(405);
    assertThat(wrong.headers().firstValue("Allow").orElse("")).contains("POST");
  }

  @Test
  void every_answer_carries_headers_that_browsers_obey() throws Exception {
    for (String path : List.of("/", "/nowhere", "/get_job_status/" + UNKNOWN)) {
      HttpResponse<String> answer = gateway.get(path);
      assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
      assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
          .contains("default-src 'none'");
      assertThat(answer.headers().firstValue("Cache-Control")).contains("no-store");
      assertThat(answer.headers().firstValue("Server")).isEmpty();
    }
  }

  @Test
  void an_unexpected_error_tells_an_id_and_no_stack_trace() throws Exception {
    String id = submit(new Form().file("x.py", "echo x")).body();
    gateway.awaitEnd(id);
    Path output = directory.resolve("data/jobs").resolve(id).resolve("output.txt");
    Files.delete(output);
    Files.createDirectory(output);
    HttpResponse<String> answer = gateway.get("/get_job_output/" + id);
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(json(answer).path("id").asText()).hasSize(36);
    assertThat(answer.body()).doesNotContain("Exception", "\tat ", "output.txt");
  }

  @Test
  void a_client_that_goes_away_leaves_nothing_behind() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.server().port())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /submit_application HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                  + GatewayFixture.TOKEN.reveal()
                  + "\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
                  + "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.py\"\r\n\r\necho")
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
    }
    assertNothingIsLeft();
  }
}
