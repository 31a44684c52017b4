package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.FakeSpark;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The calls below /api/v1, with a stand-in for spark-submit and no SQL server. */
class JobApiTest {
  private static final String UNKNOWN = "/api/v1/jobs/" + "0".repeat(32);

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
            new GatewayFixture.Cluster(),
            Map.of("MAX_CONCURRENT_APPLICATIONS", "3"));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static HttpResponse<String> checked(
      String method, String path, HttpResponse<String> answer) {
    return definition.check(method, path, answer);
  }

  private static HttpResponse<String> submit(String spec, String program, String query)
      throws IOException {
    return checked(
        "post",
        "/api/v1/applications",
        gateway.post(
            "/api/v1/applications" + query,
            new Form().field("spec", spec).file("program.py", program)));
  }

  private static HttpResponse<String> get(String path) throws IOException {
    String known = path.replaceFirst("\\?.*", "").replaceFirst("/jobs/[^/?]+", "/jobs/{id}");
    return checked("get", known, gateway.get(path));
  }

  private static HttpResponse<String> send(String method, String path) throws IOException {
    String known = path.replaceFirst("/jobs/[^/?]+", "/jobs/{id}");
    return checked(
        method.toLowerCase(Locale.ROOT),
        known,
        gateway.send(gateway.request(path).method(method, HttpRequest.BodyPublishers.noBody())));
  }

  private static HttpResponse<String> query(String body) throws IOException {
    return checked(
        "post",
        "/api/v1/queries",
        gateway.send(
            gateway
                .request("/api/v1/queries")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))));
  }

  private static JsonNode awaitEnd(String id) {
    return Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> json(get("/api/v1/jobs/" + id)), job -> job.has("finished_at"));
  }

  private static String waiting(Path go) {
    return "echo begun; until [ -e '" + go + "' ]; do sleep 0.1; done; echo done";
  }

  @Test
  void an_application_runs_with_its_arguments_and_settings_and_can_be_waited_for()
      throws Exception {
    HttpResponse<String> answer =
        submit(
            """
            {"name": "Daily “load”", "arguments": ["two words", "$(id)", "-x"],
             "settings": {"spark.executor.memory": "1g", "spark.sql.shuffle.partitions": 8},
             "packages": ["org.example:library:1.0"], "max_attempts": 2, "time_limit_seconds": 60.0}
            """,
            "for a; do echo \"<$a>\"; done",
            "?wait=60");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode job = json(answer);
    assertThat(answer.headers().firstValue("Location"))
        .contains("/api/v1/jobs/" + job.path("id").asText());
    assertThat(job.path("state").asText()).isEqualTo("succeeded");
    assertThat(job.path("name").asText()).isEqualTo("Daily “load”");
    assertThat(job.path("kind").asText()).isEqualTo("application");
    assertThat(job.path("owner").asText()).isEqualTo("local");
    assertThat(job.path("attempt").asInt()).isEqualTo(1);
    assertThat(job.path("max_attempts").asInt()).isEqualTo(2);
    assertThat(job.path("time_limit_seconds").asInt()).isEqualTo(60);
    assertThat(job.path("output_bytes").asLong()).isPositive();
    HttpResponse<String> log = get("/api/v1/jobs/" + job.path("id").asText() + "/log");
    assertThat(log.body()).isEqualTo("<two words>\n<$(id)>\n<-x>\n");
    assertThat(log.headers().firstValue("X-Log-Complete")).contains("true");
  }

  @Test
  void a_failed_job_says_why() throws Exception {
    JsonNode job = json(submit("{}", "exit 3", "?wait=60"));
    assertThat(job.path("state").asText()).isEqualTo("failed");
    assertThat(job.path("name").asText()).isEqualTo("program.py");
    assertThat(job.path("reason").asText()).isEqualTo("spark-submit ended with exit code 3");
    assertThat(job.path("error").path("message").asText()).isEqualTo(job.path("reason").asText());
  }

  @Test
  void jobs_are_listed_page_by_page() throws Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.addFirst(
          json(submit("{\"name\": \"paged %d\"}".formatted(i), "true", "?wait=60"))
              .path("id")
              .asText());
    }
    List<String> seen = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page =
          json(get("/api/v1/jobs?name=PAGED&kind=application&limit=2&cursor=" + cursor));
      page.path("jobs").forEach(job -> seen.add(job.path("id").asText()));
      cursor = page.path("next_cursor").asText("");
    } while (!cursor.isEmpty());
    assertThat(seen).isEqualTo(ids);
    assertThat(json(get("/api/v1/jobs?state=failed&state=lost&name=paged")).path("jobs")).isEmpty();
    assertThat(json(get("/api/v1/jobs?owner=somebody&name=paged")).path("jobs")).isEmpty();
    assertThat(
            json(get("/api/v1/jobs?name=paged&submitted_before=2020-01-01T00:00:00Z")).path("jobs"))
        .isEmpty();
    assertThat(
            json(get("/api/v1/jobs?name=paged&submitted_after=2020-01-01T00:00:00Z")).path("jobs"))
        .hasSize(5);
    assertThat(
            json(get("/api/v1/jobs?name=paged&submitted_after=0883-11-03T13:55:06Z")).path("jobs"))
        .hasSize(5);
    assertThat(
            json(get("/api/v1/jobs?name=paged&submitted_before=0000-01-01T00:00:00Z")).path("jobs"))
        .isEmpty();
    assertThat(
            json(get("/api/v1/jobs?name=paged&submitted_before=9999-12-31T23:59:59.9-18:00"))
                .path("jobs"))
        .hasSize(5);
  }

  @ParameterizedTest
  @CsvSource({
    "state=unknown, state",
    "kind=unknown, kind",
    "limit=0, limit",
    "limit=501, limit",
    "limit=x, limit",
    "limit=1&limit=2, limit",
    "cursor=nonsense, cursor",
    "submitted_after=yesterday, submitted_after",
    "submitted_after=-99999-01-01T00:00:00Z, submitted_after",
    "submitted_after=%2B10000-01-01T00:00:00Z, submitted_after",
    "no_such=1, no_such"
  })
  void a_bad_parameter_is_named(String query, String field) throws Exception {
    HttpResponse<String> answer = get("/api/v1/jobs?" + query);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer).path("field").asText()).isEqualTo(field);
  }

  @Test
  void a_running_job_is_cancelled_and_then_deleted() throws Exception {
    Path go = directory.resolve("never");
    String id = json(submit("{}", waiting(go), "")).path("id").asText();
    String path = "/api/v1/jobs/" + id;
    Awaitility.await().until(() -> get(path + "/log").body().equals("begun\n"));
    assertThat(send("DELETE", path).statusCode()).isEqualTo(409);
    assertThat(send("POST", path + "/cancel").statusCode()).isEqualTo(202);
    JsonNode end = awaitEnd(id);
    assertThat(end.path("state").asText()).isEqualTo("cancelled");
    assertThat(end.path("reason").asText()).isEqualTo("cancelled by local");
    // What clients of the old calls see.
    assertThat(gateway.get("/get_job_status/" + id).statusCode()).isEqualTo(500);
    assertThat(gateway.get("/get_job_output/" + id).body())
        .isEqualTo("Job failed!\nbegun\nError: cancelled by local\n");
    assertThat(send("POST", path + "/cancel").statusCode()).isEqualTo(409);
    assertThat(send("DELETE", path).statusCode()).isEqualTo(204);
    assertThat(get(path).statusCode()).isEqualTo(404);
    assertThat(directory.resolve("data/jobs").resolve(id)).doesNotExist();
  }

  @Test
  void the_same_request_under_one_key_is_one_job() throws Exception {
    HttpRequest.Builder first =
        new Form()
            .file("a.py", "echo once")
            .in(gateway.request("/api/v1/applications").header("Idempotency-Key", "k1"));
    String id = json(gateway.send(first)).path("id").asText();
    assertThat(json(gateway.send(first)).path("id").asText()).isEqualTo(id);
    HttpResponse<String> other =
        gateway.send(
            new Form()
                .file("a.py", "echo twice")
                .in(gateway.request("/api/v1/applications").header("Idempotency-Key", "k1")));
    assertThat(other.statusCode()).isEqualTo(409);
    assertThat(json(other).path("error").asText()).contains(id);
    HttpResponse<String> bad =
        gateway.send(
            new Form()
                .file("a.py", "echo")
                .in(gateway.request("/api/v1/applications").header("Idempotency-Key", "a b")));
    assertThat(json(bad).path("field").asText()).isEqualTo("Idempotency-Key");
  }

  @Test
  void a_log_is_read_by_offsets_while_it_grows() throws Exception {
    Path go = directory.resolve("go-offsets");
    String id = json(submit("{}", waiting(go), "")).path("id").asText();
    String log = "/api/v1/jobs/" + id + "/log";
    Awaitility.await().until(() -> get(log).body().equals("begun\n"));
    HttpResponse<String> part = get(log + "?offset=2&limit=3");
    assertThat(part.body()).isEqualTo("gun");
    assertThat(part.headers().firstValue("X-Log-Next-Offset")).contains("5");
    assertThat(get(log + "?offset=6").headers().firstValue("X-Log-Complete")).contains("false");
    Files.createFile(go);
    awaitEnd(id);
    HttpResponse<String> rest = get(log + "?offset=6");
    assertThat(rest.body()).isEqualTo("done\n");
    assertThat(rest.headers().firstValue("X-Log-Complete")).contains("true");
    for (long beyond : new long[] {1_000_000, 1L << 50, Long.MAX_VALUE}) {
      assertThat(get(log + "?offset=" + beyond).statusCode()).as("%d", beyond).isEqualTo(200);
      assertThat(get(log + "?offset=" + beyond).body()).isEmpty();
    }
    assertThat(get(log + "?stream=log").statusCode()).isEqualTo(200);
    assertThat(get(log + "?stream=both").statusCode()).isEqualTo(400);
    assertThat(get(log + "?offset=-1").statusCode()).isEqualTo(400);
  }

  @Test
  void every_byte_of_a_line_without_end_is_told() throws Exception {
    int bytes = (3 << 20) + 5;
    String program = "head -c %d /dev/zero | tr '\\0' x".formatted(bytes);
    String id = json(submit("{}", program, "?wait=60")).path("id").asText();
    String events =
        gateway
            .send(
                gateway
                    .request("/api/v1/jobs/" + id + "/log")
                    .header("Accept", "text/event-stream"))
            .body();
    assertThat(events).contains("id: 1048576\ndata: x").endsWith("data: succeeded\n\n");
    assertThat(events.chars().filter(it -> it == 'x').count()).isEqualTo(bytes);
  }

  @Test
  void the_events_of_a_job_that_is_deleted_meanwhile_end() throws Exception {
    // More than waits on the way to a client that does not read.
    String program = "yes a-line-of-twenty-two | head -c 100000000";
    String id = json(submit("{}", program, "?wait=60")).path("id").asText();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request =
          gateway
              .request("/api/v1/jobs/" + id + "/log")
              .header("Accept", "text/event-stream")
              .build();
      HttpResponse<InputStream> events =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(events.body(), StandardCharsets.UTF_8))) {
        assertThat(lines.readLine()).startsWith("id: ");
        assertThat(gateway.send(gateway.request("/api/v1/jobs/" + id).DELETE()).statusCode())
            .isEqualTo(204);
        List<String> rest = lines.lines().toList();
        // Its files go before its record does.
        assertThat(String.join("\n", rest.subList(rest.size() - 3, rest.size())))
            .matches("event: end\ndata: (deleted|succeeded)\n");
      }
    }
  }

  @Test
  void a_log_is_told_line_by_line_and_goes_on_where_the_client_lost_it() throws Exception {
    Path go = directory.resolve("go-events");
    String id = json(submit("{}", waiting(go), "")).path("id").asText();
    String log = "/api/v1/jobs/" + id + "/log";
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = gateway.request(log).header("Accept", "text/event-stream").build();
      HttpResponse<InputStream> events =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      assertThat(events.headers().firstValue("Content-Type").orElse(""))
          .startsWith("text/event-stream");
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(events.body(), StandardCharsets.UTF_8))) {
        assertThat(lines.readLine()).isEqualTo("id: 6");
        assertThat(lines.readLine()).isEqualTo("data: begun");
        assertThat(lines.readLine()).isEmpty();
        Files.createFile(go);
        assertThat(lines.readLine()).isEqualTo("id: 11");
        assertThat(lines.readLine()).isEqualTo("data: done");
        assertThat(lines.readLine()).isEmpty();
        assertThat(lines.readLine()).isEqualTo("event: end");
        assertThat(lines.readLine()).isEqualTo("data: succeeded");
        assertThat(lines.readLine()).isEmpty();
        assertThat(lines.readLine()).isNull();
      }
      HttpResponse<String> again =
          client.send(
              gateway
                  .request(log)
                  .header("Accept", "text/event-stream")
                  .header("Last-Event-ID", "6")
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(again.body()).isEqualTo("id: 11\ndata: done\n\nevent: end\ndata: succeeded\n\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "null",
        "{\"sql\": \"select 1\"} {}",
        "{\"sql\": \"select 1\", \"sql\": \"select 2\"}",
        "{}",
        "{\"sql\": 1}",
        "{\"sql\": \"\"}",
        "{\"sql\": \"-- nothing\"}",
        "{\"sql\": \"select 1\", \"user\": \"root\"}",
        "{\"sql\": \"select 1\", \"settings\": []}",
        "{\"sql\": \"select 1\", \"settings\": {\"a b\": 1}}",
        "{\"sql\": \"select 1\", \"settings\": {\"a\": {}}}",
        "{\"sql\": \"select 1\", \"settings\": {\"a\": \"x\\ny\"}}",
        "{\"sql\": \"select 1\", \"params\": {\"a\": 1}}",
        "{\"sql\": \"select :a\", \"params\": {\"a\": {}}}",
        "{\"sql\": \"select :a\", \"params\": {\"a\": {\"type\": \"date\", \"value\": 1}}}",
        "{\"sql\": \"select :a\", \"params\": {\"a\": {\"type\": \"int) or (1\", \"value\": \"1\"}}}",
        "{\"sql\": \"select :a\", \"params\": {\"a\": 123456789012345678901234567890}}",
        "{\"sql\": \"select :a\", \"params\": {\"a b\": 1}}",
        "{\"sql\": \"select 1\", \"name\": \"\"}",
        "{\"sql\": \"select 1\", \"name\": \"two\\nlines\"}",
        "{\"sql\": \"select 1\", \"max_attempts\": 0}",
        "{\"sql\": \"select 1\", \"max_attempts\": 11}",
        "{\"sql\": \"select 1\", \"max_attempts\": 1.5}",
        "{\"sql\": \"select 1\", \"time_limit_seconds\": 0}",
        "{\"sql\": \"select 1\", \"time_limit_seconds\": 99999999999}",
      })
  void a_bad_query_is_400_with_the_field(String body) throws Exception {
    HttpResponse<String> answer = query(body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(json(answer).path("field").asText()).isNotEmpty();
    assertThat(json(answer).path("error").asText()).doesNotContain("Exception", "jackson");
  }

  @Test
  void json_that_is_nested_without_end_is_refused() throws Exception {
    HttpResponse<String> answer =
        query("{\"sql\": \"select 1\", \"params\": " + "[".repeat(100_000));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer).path("field").asText()).isEqualTo("body");
  }

  @Test
  void a_query_in_another_type_or_encoding_is_refused() throws Exception {
    HttpResponse<String> form =
        gateway.send(
            gateway
                .request("/api/v1/queries")
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{\"sql\": \"select 1\"}")));
    assertThat(form.statusCode()).isEqualTo(400);
    HttpResponse<String> latin =
        gateway.send(
            gateway
                .request("/api/v1/queries")
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"sql\": \"select 'ü'\"}", StandardCharsets.ISO_8859_1)));
    assertThat(latin.statusCode()).isEqualTo(400);
    assertThat(json(latin).path("reason").asText()).isEqualTo("is no text in UTF-8");
  }

  @Test
  void a_query_without_a_thrift_server_says_how_to_start_one() throws Exception {
    HttpResponse<String> answer = query("{\"sql\": \"select 1\"}");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "'{\"settings\": {\"spark.master\": \"local\"}}', settings",
    "'{\"settings\": {\"spark.driver.extraJavaOptions\": \"-Dx\"}}', settings",
    "'{\"settings\": {\"master\": \"local\"}}', settings",
    "'{\"settings\": {\"spark.jars\": \"/etc/passwd\"}}', settings",
    "'{\"packages\": [\"--master\"]}', packages",
    "'{\"packages\": \"a:b:c\"}', packages",
    "'{\"arguments\": [1]}', arguments",
    "'{\"arguments\": [\"\\u0000\"]}', arguments",
    "'{\"main_class\": \"../x\"}', main_class",
    "'{\"deploy\": 1}', deploy",
    "'{\"supervise\": 1}', supervise",
    "'{\"supervise\": true}', supervise",
    "'{\"jar_uri\": \"local:/a.jar\"}', jar_uri",
    "'{\"deploy_mode\": \"cluster\", \"main_class\": \"a.B\", \"jar_uri\": \"local:/a.jar\"}', deploy_mode",
    "'[]', body"
  })
  void a_bad_application_is_400_with_the_field(String spec, String field) throws Exception {
    HttpResponse<String> answer = submit(spec, "echo never", "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(json(answer).path("field").asText()).isEqualTo(field);
  }

  private static HttpResponse<String> post(Form form, String query) throws IOException {
    return checked(
        "post", "/api/v1/applications", gateway.post("/api/v1/applications" + query, form));
  }

  @Test
  void a_program_comes_with_files_and_variables_of_its_own() throws Exception {
    String program = "echo \"<$APP_MODE><$APP_N>\"; cat ../attachments/data.csv; ls ../attachments";
    Form form =
        new Form()
            .field("spec", "{\"environment\": {\"APP_MODE\": \"it's a $(test)\", \"APP_N\": 1}}")
            .file("a.py", program)
            .file(
                "py_files",
                "tools-1.0-py3-none-any.whl",
                "PK wheel".getBytes(StandardCharsets.UTF_8))
            .file("py_files", "more.py", "x = 1".getBytes(StandardCharsets.UTF_8))
            .file("files", "data.csv", "1,2\n".getBytes(StandardCharsets.UTF_8))
            .file("jars", "", new byte[0]);
    JsonNode job = json(post(form, "?wait=60"));
    String path = "/api/v1/jobs/" + job.path("id").asText();
    assertThat(get(path + "/log").body())
        .isEqualTo("<it's a $(test)><1>\n1,2\ndata.csv\nmore.py\ntools-1.0-py3-none-any.whl.zip\n");
    assertThat(job.path("input_bytes").asLong()).isEqualTo(program.length() + 8 + 5 + 4);
    assertThat(job.path("output_bytes").asLong()).isBetween(60L, 2000L);
    Path files = directory.resolve("data/jobs").resolve(job.path("id").asText());
    assertThat(Files.getPosixFilePermissions(files.resolve("request.json"))).hasSize(2);
    assertThat(Files.getPosixFilePermissions(files.resolve("secret-settings.properties")))
        .hasSize(2);
    assertThat(send("DELETE", path).statusCode()).isEqualTo(204);
    assertThat(files).doesNotExist();
  }

  @Test
  void everything_that_is_wrong_is_told_at_once() throws Exception {
    byte[] text = "text".getBytes(StandardCharsets.UTF_8);
    Form form =
        new Form()
            .field(
                "spec",
                """
                {"name": "", "deploy_mode": "remote", "packages": ["a:b:1", "nonsense"], "sql": 1,
                 "settings": {"spark.master": "local", "spark.jars": "/etc/passwd"},
                 "environment": {"LD_PRELOAD": "x", "OTHER": "x", "APP_OK": "x", "a.b": "x"}}
                """)
            .field("pyfiles", "x")
            .file("x.txt", text)
            .file("py_files", "no.zip", text)
            .file("py_files", "../up.py", text)
            .file("py_files", "numpy-2.0-cp313-cp313-linux_x86_64.whl", text)
            .file("files", "a,b", text)
            .file("files", "a#b", text)
            .file("files", ".hidden", text)
            .file("files", "same.py", text)
            .file("py_files", "same.py", text)
            .file("py_files", "application.py", text)
            .file("jars", "x.py", text);
    HttpResponse<String> answer = post(form, "");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    List<String> fields = new ArrayList<>();
    json(answer).path("problems").forEach(one -> fields.add(one.path("field").asText()));
    assertThat(fields)
        .containsExactlyInAnyOrder(
            "pyfiles",
            "name",
            "py_files",
            "py_files",
            "py_files",
            "files",
            "files",
            "files",
            "jars",
            "sql",
            "file",
            "deploy_mode",
            "settings",
            "settings",
            "packages",
            "environment",
            "environment",
            "environment",
            "py_files",
            "py_files");
    assertThat(json(answer).path("field").asText()).isEqualTo(fields.getFirst());
    assertThat(answer.body())
        .contains(
            "'OTHER' is not among the variables that a job may bring (APP_*; the operator's setting SUBMIT_ENVIRONMENT)")
        .contains("'LD_PRELOAD' can't be set")
        .contains("no.zip' is no zip archive")
        .contains("only wheels for any platform");
    assertThat(gateway.get("/api/v1/jobs?name=x.txt").body()).doesNotContain("x.txt");
    Form many = new Form().file("a.py", "true");
    for (int i = 0; i <= 100; i++) {
      many.file("files", "f" + i, text);
    }
    assertThat(json(post(many, "")).path("reason").asText())
        .isEqualTo("has too many files: 100 in all, at most");
    try (Stream<Path> left = Files.list(directory.resolve("data/jobs/incoming"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void a_program_for_cluster_mode_is_named_and_not_sent() throws Exception {
    String spec =
        "{\"deploy_mode\": \"cluster\", \"main_class\": \"a.B\", \"jar_uri\": \"s3a://bucket/a.jar\"}";
    HttpResponse<String> answer = post(new Form().field("spec", spec), "?wait=60");
    JsonNode job = json(answer);
    assertThat(job.path("name").asText()).isEqualTo("a.jar");
    // The node has no Spark that could ask a master.
    assertThat(job.path("state").asText()).as(answer.body()).isEqualTo("failed");
    assertThat(job.path("reason").asText()).contains("no master takes its driver");
    String input = "/api/v1/jobs/" + job.path("id").asText() + "/input";
    assertThat(gateway.get(input).body()).isEqualTo("s3a://bucket/a.jar\n");
    assertThat(json(post(new Form().field("spec", "{}"), "")).path("reason").asText())
        .isEqualTo("is missing");
  }

  @Test
  void modules_of_python_do_not_go_with_a_jar() throws Exception {
    Form form =
        new Form()
            .field("spec", "{\"main_class\": \"a.B\", \"deploy_mode\": \"client\"}")
            .file("a.jar", "PK")
            .file("py_files", "a.py", "x = 1".getBytes(StandardCharsets.UTF_8));
    HttpResponse<String> answer = post(form, "");
    assertThat(json(answer).path("field").asText()).isEqualTo("py_files");
    assertThat(json(answer).has("problems")).isFalse();
  }

  @Test
  void another_content_of_an_attachment_is_another_request() throws Exception {
    List<Integer> codes = new ArrayList<>();
    for (String content : List.of("1", "1", "2")) {
      Form form =
          new Form()
              .file("a.py", "true")
              .file("files", "data", content.getBytes(StandardCharsets.UTF_8));
      codes.add(
          gateway
              .send(
                  form.in(
                      gateway
                          .request("/api/v1/applications")
                          .header("Idempotency-Key", "attached")))
              .statusCode());
    }
    assertThat(codes.subList(0, 2)).allMatch(code -> code < 300);
    assertThat(codes.getLast()).isEqualTo(409);
  }

  @Test
  void what_is_not_there_is_404_and_every_call_asks_for_the_token() throws Exception {
    for (String path : List.of(UNKNOWN, UNKNOWN + "/results", UNKNOWN + "/log")) {
      assertThat(get(path).statusCode()).as(path).isEqualTo(404);
      assertThat(gateway.send(gateway.open(path)).statusCode()).as(path).isEqualTo(401);
    }
    assertThat(send("POST", UNKNOWN + "/cancel").statusCode()).isEqualTo(404);
    assertThat(send("DELETE", UNKNOWN).statusCode()).isEqualTo(404);
    assertThat(gateway.send(gateway.open("/api/v1/jobs")).statusCode()).isEqualTo(401);
    assertThat(get("/api/v1/jobs/..%2F..%2Fsecrets").statusCode()).isIn(400, 404);
  }

  @Test
  void the_cluster_is_told_also_where_no_master_answers() throws Exception {
    JsonNode cluster = json(checked("get", "/api/v1/cluster", gateway.get("/api/v1/cluster")));
    assertThat(cluster.has("leader")).isFalse();
    assertThat(cluster.path("workers")).isEmpty();
    JsonNode usage =
        Awaitility.await()
            .until(
                () ->
                    json(
                        checked(
                            "get", "/api/v1/cluster/usage", gateway.get("/api/v1/cluster/usage"))),
                told -> !told.path("samples").isEmpty());
    assertThat(usage.path("interval_seconds").asInt()).isEqualTo(10);
    assertThat(usage.path("samples").path(0).path("cores").asInt()).isZero();
    HttpResponse<String> catalogs = gateway.get("/api/v1/catalogs");
    assertThat(checked("get", "/api/v1/catalogs", catalogs).statusCode()).isEqualTo(503);
  }

  @Test
  void a_program_can_be_read_again() throws Exception {
    String id = json(submit("{}", "echo ü", "?wait=60")).path("id").asText();
    assertThat(get("/api/v1/jobs/" + id + "/input").body()).isEqualTo("echo ü");
  }

  @Test
  void an_application_has_no_results() throws Exception {
    String id = json(submit("{}", "true", "?wait=60")).path("id").asText();
    assertThat(get("/api/v1/jobs/" + id + "/results").statusCode()).isEqualTo(409);
    assertThat(get("/api/v1/jobs/" + id + "/results?format=xml").statusCode()).isEqualTo(400);
  }
}
