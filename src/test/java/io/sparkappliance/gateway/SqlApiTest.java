package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** SQL below /api/v1, on a real thrift server. */
@ExtendWith(ThriftServerProcess.Shared.class)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class SqlApiTest {
  @TempDir private static Path directory;
  private static GatewayFixture gateway;
  private static ApiDefinition definition;

  @BeforeAll
  static void start(ThriftServerProcess thrift) throws IOException {
    definition = new ApiDefinition();
    GatewayFixture.Cluster cluster = new GatewayFixture.Cluster();
    cluster.thrift = Optional.of(thrift.address());
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            SparkDistribution.home(),
            cluster,
            Map.of(
                "API_TOKEN",
                ThriftServerProcess.TOKEN.reveal(),
                "MAX_JOB_OUTPUT",
                "5m",
                "SQL_UI_PORT",
                Integer.toString(thrift.uiPort())),
            ThriftServerProcess.TOKEN);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static ObjectNode request(String sql) {
    return new ObjectMapper().createObjectNode().put("sql", sql);
  }

  private static JsonNode run(ObjectNode request) throws IOException {
    return json(post(request, "?wait=120"));
  }

  private static HttpResponse<String> post(ObjectNode request, String query) throws IOException {
    return definition.check(
        "post",
        "/api/v1/queries",
        gateway.send(
            gateway
                .request("/api/v1/queries" + query)
                .header("Content-Type", "application/json")
                .timeout(Duration.ofMinutes(3))
                .POST(HttpRequest.BodyPublishers.ofString(request.toString()))));
  }

  private static HttpResponse<String> results(JsonNode job, String query) throws IOException {
    return definition.check(
        "get",
        "/api/v1/jobs/{id}/results",
        gateway.get("/api/v1/jobs/" + job.path("id").asText() + "/results" + query));
  }

  @Test
  void values_are_bound_by_spark_whatever_they_are() throws Exception {
    ObjectNode request =
        request(
            "select :text as t, :n + 1 as n, :big as b, :x as x, :yes as y, :nothing as z,"
                + " size(:many) as s, :day as d, ':text' as quoted, 'a:text' as other;"
                + " select 'no marker' as plain");
    ObjectNode params = request.putObject("params");
    String hostile = "it's \\ \"; drop table x; -- ${env:PATH} `ü` \u0000 :n";
    params.put("text", hostile).put("n", 41).put("big", 12345678901L).put("x", 1.5);
    params.put("yes", true).putNull("nothing");
    params.putArray("many").add("a").add("b'");
    params.putObject("day").put("type", "date").put("value", "2026-01-31");
    JsonNode job = run(request);
    assertThat(job.path("state").asText()).as(job.toString()).isEqualTo("succeeded");
    JsonNode row = json(results(job, "")).path("rows").path(0);
    assertThat(row.path(0).asText()).isEqualTo(hostile);
    assertThat(row.toString())
        .endsWith(",42,12345678901,1.5,true,null,2,\"2026-01-31\",\":text\",\"a:text\"]");
    assertThat(json(results(job, "?result=1")).path("rows").toString())
        .isEqualTo("[[\"no marker\"]]");
  }

  @Test
  void an_error_tells_its_class_its_state_and_its_place() throws Exception {
    JsonNode job = run(request("select 1 as one;\nselect *\n  from no_such_table"));
    assertThat(job.path("state").asText()).isEqualTo("failed");
    JsonNode error = job.path("error");
    assertThat(error.path("error_class").asText()).isEqualTo("TABLE_OR_VIEW_NOT_FOUND");
    assertThat(error.path("sql_state").asText()).isEqualTo("42P01");
    assertThat(error.path("line").asInt()).isEqualTo(2);
    assertThat(error.path("position").asInt()).isEqualTo(7);
    assertThat(job.path("results")).hasSize(1);
    JsonNode syntax = run(request("selec 1")).path("error");
    assertThat(syntax.path("error_class").asText()).isEqualTo("PARSE_SYNTAX_ERROR");
    assertThat(syntax.path("line").asInt()).isEqualTo(1);
    ObjectNode bound = request("select :a, no_such_column");
    bound.putObject("params").put("a", 1);
    assertThat(run(bound).path("error").path("error_class").asText())
        .startsWith("UNRESOLVED_COLUMN");
  }

  @Test
  void a_large_result_is_read_page_by_page_and_each_page_again() throws Exception {
    JsonNode job =
        run(request("select id, concat('row ', id) as name from range(0, 100000, 1, 1)"));
    assertThat(job.path("results").path(0).path("rows").asLong())
        .as(job.toString())
        .isEqualTo(100_000);
    for (long offset : new long[] {0, 1, 999, 1000, 1001, 54_321, 99_998}) {
      HttpResponse<String> page = results(job, "?offset=" + offset + "&limit=2");
      assertThat(page.body()).isEqualTo(results(job, "?offset=" + offset + "&limit=2").body());
      JsonNode rows = json(page).path("rows");
      assertThat(rows).hasSize(2);
      assertThat(rows.path(1).path(1).asText()).isEqualTo("row " + (offset + 1));
    }
    assertThat(json(results(job, "")).path("rows")).hasSize(1000);
    assertThat(json(results(job, "?offset=99999")).path("rows")).hasSize(1);
    assertThat(json(results(job, "?offset=500000")).path("rows")).isEmpty();
    assertThat(results(job, "?format=csv").body().lines()).hasSize(100_001);
    assertThat(results(job, "?result=1").statusCode()).isEqualTo(404);
  }

  @Test
  void every_format_is_had_by_its_name_and_by_its_type() throws Exception {
    JsonNode job =
        run(
            request(
                "select 1 as n, 'a\\tb\\\\' as s, cast(null as string) as z, true as b, 2 as n,"
                    + " 1.50 as d"));
    Map<String, String> expected =
        Map.of(
            "csv",
            "n,s,z,b,n,d\r\n1,a\tb\\,,true,2,1.50\r\n",
            "tsv",
            "n\ts\tz\tb\tn\td\n1\ta\\\tb\\\\\t\\N\ttrue\t2\t1.50\n",
            "jsonl",
            "{\"n\":1,\"s\":\"a\\tb\\\\\",\"z\":null,\"b\":true,\"n_2\":2,\"d\":1.50}\n");
    Map<String, String> types =
        Map.of(
            "csv", "text/csv", "tsv", "text/tab-separated-values", "jsonl", "application/x-ndjson");
    for (Map.Entry<String, String> format : expected.entrySet()) {
      assertThat(results(job, "?format=" + format.getKey()).body()).isEqualTo(format.getValue());
      HttpResponse<String> accepted =
          gateway.send(
              gateway
                  .request("/api/v1/jobs/" + job.path("id").asText() + "/results")
                  .header("Accept", "application/unknown, " + types.get(format.getKey())));
      assertThat(accepted.body()).isEqualTo(format.getValue());
    }
    assertThat(results(job, "?format=text").body()).contains("| 1  |");
    assertThat(results(job, "?format=json").body())
        .contains("\"rows\":[[1,\"a\\tb\\\\\",null,true,2,1.50]]");
    assertThat(results(job, "?format=xml").statusCode()).isEqualTo(400);
  }

  private static final Map<String, String> MEDIA_TYPES =
      Map.of(
          "arrow",
          "application/vnd.apache.arrow.stream",
          "parquet",
          "application/vnd.apache.parquet");

  /** Prints the types, then the first rows, of what is in a file. */
  private static final String READ =
      """
      import sys, pyarrow, pyarrow.parquet
      file = open(sys.argv[1], "rb")
      table = (pyarrow.ipc.open_stream(file).read_all() if sys.argv[2] == "arrow"
               else pyarrow.parquet.ParquetFile(file).read())
      print(", ".join(str(type) for type in table.schema.types))
      print(table.num_rows, table.column_names)
      for row in table.slice(0, 2).to_pylist():
          print([str(value) for value in row.values()])
      """;

  private static String read(String format, HttpResponse<byte[]> answer) throws Exception {
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type")).contains(MEDIA_TYPES.get(format));
    Path file = Files.write(directory.resolve("result." + format), answer.body());
    Process python =
        new ProcessBuilder(
                System.getProperty("spark.python", "python3"), "-c", READ, file.toString(), format)
            .redirectErrorStream(true)
            .start();
    String printed = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(python.waitFor()).as(printed).isZero();
    return printed;
  }

  @Test
  void formats_with_types_keep_every_type() throws Exception {
    JsonNode job =
        run(
            request(
                "set time zone 'Europe/Berlin'; select true as b, 1Y as t, 2S as s, 3 as i, 4L as"
                    + " l, cast(1.5 as float) as f, cast('NaN' as double) as d, 12.50BD as n,"
                    + " date'2026-01-31' as day, timestamp'2026-01-31 12:00:00.123456' as ts,"
                    + " cast('ab' as binary) as bin, array(1, 2) as a, map('k', 1) as m, 'ü' as x,"
                    + " 'y' as x union all select null, null, null, null, null, null, null, null,"
                    + " null, null, null, null, null, null, null"));
    assertThat(job.path("state").asText()).as(job.toString()).isEqualTo("succeeded");
    int result = job.path("results").size() - 1;
    String path = "/api/v1/jobs/" + job.path("id").asText() + "/results?result=" + result;
    for (Map.Entry<String, String> format : MEDIA_TYPES.entrySet()) {
      HttpResponse<byte[]> answer =
          gateway.bytes(gateway.request(path + "&format=" + format.getKey()));
      assertThat(gateway.bytes(gateway.request(path).header("Accept", format.getValue())).body())
          .isEqualTo(answer.body());
      assertThat(read(format.getKey(), answer).lines())
          .containsExactly(
              "bool, int8, int16, int32, int64, float, double, decimal128(4, 2), date32[day],"
                  + " timestamp[us, tz=UTC], binary, string, string, string, string",
              "2 ['b', 't', 's', 'i', 'l', 'f', 'd', 'n', 'day', 'ts', 'bin', 'a', 'm', 'x',"
                  + " 'x_2']",
              "['True', '1', '2', '3', '4', '1.5', 'nan', '12.50', '2026-01-31',"
                  + " '2026-01-31 11:00:00.123456+00:00', \"b'ab'\","
                  + " '[1,2]', '{\"k\":1}', 'ü', 'y']",
              "[" + "'None', ".repeat(14) + "'None']");
    }
  }

  @Test
  void formats_with_types_come_in_batches_and_in_parts() throws Exception {
    JsonNode job = run(request("select id, repeat('x', 20) as x from range(0, 20000, 1, 1)"));
    for (String format : MEDIA_TYPES.keySet()) {
      String path = "/api/v1/jobs/" + job.path("id").asText() + "/results?format=" + format;
      assertThat(read(format, gateway.bytes(gateway.request(path)))).contains("20000 ['id', 'x']");
      assertThat(read(format, gateway.bytes(gateway.request(path + "&offset=19990&limit=5"))))
          .contains("5 ['id', 'x']", "['19990', '", "['19991', '");
      assertThat(read(format, gateway.bytes(gateway.request(path + "&limit=0"))))
          .contains("int64, string", "0 ['id', 'x']");
    }
  }

  @Test
  void a_running_statement_is_cancelled_at_once() throws Exception {
    JsonNode job =
        json(
            post(
                request(
                    "select count(*) from range(0, 100000000000, 1, 100) where sqrt(id) = rand()"),
                ""));
    String path = "/api/v1/jobs/" + job.path("id").asText();
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> json(gateway.get(path)).path("state").asText().equals("running"));
    assertThat(results(job, "").statusCode()).isEqualTo(409);
    HttpResponse<String> cancelled =
        gateway.send(gateway.request(path + "/cancel").POST(HttpRequest.BodyPublishers.noBody()));
    assertThat(cancelled.statusCode()).isEqualTo(202);
    JsonNode end =
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> json(gateway.get(path)), now -> now.has("finished_at"));
    assertThat(end.path("state").asText()).isEqualTo("cancelled");
  }

  @Test
  void a_job_tells_how_far_it_is_and_where_it_runs() throws Exception {
    JsonNode job =
        json(
            post(
                request(
                    "select 1; select count(*) from range(0, 1000000000, 1, 10000)"
                        + " where sqrt(id) = rand(); select 2"),
                ""));
    String path = "/api/v1/jobs/" + job.path("id").asText();
    JsonNode running;
    try {
      running =
          Awaitility.await()
              .atMost(Duration.ofMinutes(2))
              .until(
                  () -> json(gateway.get(path)),
                  now -> now.path("progress").path("tasks_done").asInt() > 1);
    } finally {
      gateway.send(gateway.request(path + "/cancel").POST(HttpRequest.BodyPublishers.noBody()));
    }
    JsonNode progress = running.path("progress");
    assertThat(progress.path("tasks_total").asInt()).isGreaterThanOrEqualTo(10_000);
    assertThat(progress.path("stages_total").asInt()).isPositive();
    assertThat(progress.path("stages_done").asInt()).isZero();
    // One of three statements is over, and the second has begun.
    assertThat(progress.path("percent").asInt()).isBetween(33, 66);
    assertThat(running.path("spark_application_id").asText()).startsWith("local-");
    assertThat(running.path("spark_ui_url").asText()).startsWith("http://127.0.0.1:");
    assertThat(running.has("ui_url")).as("no master shows it").isFalse();
    JsonNode end =
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> json(gateway.get(path)), now -> now.has("finished_at"));
    assertThat(end.has("progress")).isFalse();
    assertThat(end.path("spark_application_id")).isEqualTo(running.path("spark_application_id"));
  }

  @Test
  void a_statement_ends_at_its_time_limit_and_a_result_at_its_size() throws Exception {
    JsonNode slow =
        run(
            request("select count(*) from range(0, 100000000000, 1, 100) where sqrt(id) = rand()")
                .put("time_limit_seconds", 1));
    assertThat(slow.path("state").asText()).isEqualTo("failed");
    assertThat(slow.path("reason").asText()).contains("time limit of 1 seconds");
    JsonNode large = run(request("select id, repeat('x', 1000) as x from range(0, 10000, 1, 1)"));
    assertThat(large.path("state").asText()).isEqualTo("failed");
    assertThat(large.path("reason").asText()).contains("MAX_JOB_OUTPUT");
  }

  @Test
  void settings_are_those_of_the_job_alone() throws Exception {
    ObjectNode request = request("set spark.sql.shuffle.partitions");
    request.putObject("settings").put("spark.sql.shuffle.partitions", 7);
    assertThat(json(results(run(request), "")).path("rows").toString()).contains("\"7\"");
    assertThat(
            json(results(run(request("set spark.sql.shuffle.partitions")), ""))
                .path("rows")
                .toString())
        .doesNotContain("\"7\"");
  }

  @Test
  void a_session_is_made_used_listed_and_closed() throws Exception {
    ObjectNode session = new ObjectMapper().createObjectNode().put("name", "mine");
    session.putObject("settings").put("spark.sql.shuffle.partitions", 11);
    HttpResponse<String> made = postSession(session);
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    assertThat(postSession(session).statusCode()).isEqualTo(409);
    assertThat(postSession(session.deepCopy().put("name", "no name")).statusCode()).isEqualTo(400);
    JsonNode job = run(request("set spark.sql.shuffle.partitions").put("session", "mine"));
    assertThat(json(results(job, "")).path("rows").toString()).contains("\"11\"");
    assertThat(
            post(request("select 1").put("session", "mine").put("max_attempts", 2), "")
                .statusCode())
        .isEqualTo(400);
    JsonNode listed = json(told("/api/v1/sessions", "/api/v1/sessions")).path("sessions");
    assertThat(listed).hasSize(1);
    assertThat(listed.path(0).path("name").asText()).isEqualTo("mine");
    assertThat(listed.path(0).path("busy").asBoolean()).isFalse();
    for (int code : new int[] {204, 404}) {
      HttpResponse<String> closed =
          definition.check(
              "delete",
              "/api/v1/sessions/{name}",
              gateway.send(gateway.request("/api/v1/sessions/mine").DELETE()));
      assertThat(closed.statusCode()).isEqualTo(code);
    }
  }

  private static HttpResponse<String> postSession(ObjectNode session) throws IOException {
    return definition.check(
        "post",
        "/api/v1/sessions",
        gateway.send(
            gateway
                .request("/api/v1/sessions")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(session.toString()))));
  }

  @Test
  void tables_and_their_columns_are_told() throws Exception {
    JsonNode made =
        run(
            request(
                "create schema if not exists shop; create table if not exists shop.orders"
                    + " (id int comment 'a number', `od``d` decimal(10,2), day date) using parquet"
                    + " partitioned by (day); create or replace view shop.recent as select id from"
                    + " shop.orders; create temporary view mine as select 1 as a"));
    assertThat(made.path("state").asText()).as(made.toString()).isEqualTo("succeeded");
    String catalogs = "/api/v1/catalogs";
    assertThat(json(told(catalogs, catalogs)).path("catalogs").toString())
        .contains("\"spark_catalog\"");
    String schemas = catalogs + "/spark_catalog/schemas";
    assertThat(json(told(catalogs + "/{catalog}/schemas", schemas)).path("schemas").toString())
        .contains("\"default\"", "\"shop\"");
    String tables = schemas + "/shop/tables";
    assertThat(
            json(told(catalogs + "/{catalog}/schemas/{schema}/tables", tables))
                .path("tables")
                .toString())
        .isEqualTo(
            "[{\"name\":\"orders\",\"kind\":\"table\"},{\"name\":\"recent\",\"kind\":\"view\"}]");
    String table = catalogs + "/{catalog}/schemas/{schema}/tables/{table}";
    assertThat(json(told(table, tables + "/orders")).path("columns").toString())
        .isEqualTo(
            "[{\"name\":\"id\",\"type\":\"int\",\"comment\":\"a number\"},"
                + "{\"name\":\"od`d\",\"type\":\"decimal(10,2)\"},"
                + "{\"name\":\"day\",\"type\":\"date\"}]");
    assertThat(told(table, tables + "/orders%60").statusCode()).isEqualTo(404);
    assertThat(told(table, tables + "/no%20such").statusCode()).isEqualTo(404);
    run(request("drop schema shop cascade"));
    for (String nowhere : List.of("nowhere", "0", "%60%3B%60")) {
      String elsewhere = catalogs + "/" + nowhere + "/schemas";
      assertThat(told(catalogs + "/{catalog}/schemas", elsewhere).statusCode()).isEqualTo(404);
      assertThat(
              told(catalogs + "/{catalog}/schemas/{schema}/tables", elsewhere + "/shop/tables")
                  .statusCode())
          .isEqualTo(404);
      assertThat(told(table, elsewhere + "/shop/tables/orders").statusCode()).isEqualTo(404);
    }
  }

  private static HttpResponse<String> told(String known, String path) throws IOException {
    return definition.check("get", known, gateway.get(path));
  }

  @Test
  void a_script_can_be_read_again() throws Exception {
    JsonNode job = run(request("select 'ü' as x -- why"));
    assertThat(
            told("/api/v1/jobs/{id}/input", "/api/v1/jobs/" + job.path("id").asText() + "/input")
                .body())
        .isEqualTo("select 'ü' as x -- why");
  }
}
