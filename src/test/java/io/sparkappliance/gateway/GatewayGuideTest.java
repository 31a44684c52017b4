package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.testing.FakeProvider;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import io.sparkappliance.testing.WebhookReceiver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What docs/gateway.md tells people to paste, pasted in its order, at a gateway with a real Spark.
 * Host, port and token are the test's; what stands for an id is replaced by one.
 */
@ExtendWith(ThriftServerProcess.Shared.class)
class GatewayGuideTest {
  private static final Path GUIDE = Path.of("docs/gateway.md");
  private static final Pattern EXAMPLE = Pattern.compile("(?ms)^```([a-z]*)\\n(.*?)^```$");
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String WEBHOOK_SECRET = "whsec_b2YgdGhlIHRlc3RzLCBhbmQgb2Ygbm8gdXNl";
  private static final String APPLICATION = "app-20260131120000-0001";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Those that are not run, by words that one of them alone has, and why. */
  private static final Map<String, String> NOT_RUN =
      Map.ofEntries(
          Map.entry("export TOKEN=", "host, port and token are the test's"),
          Map.entry("spark-appliance:0.1.0 token)", "somebody has to confirm it: KeycloakTest"),
          Map.entry("To sign in, open", "TokenCommandTest compares what the command prints"),
          Map.entry(
              "library(reticulate)",
              "R is in the image alone: FlightsIT runs such a program there"),
          Map.entry("-F file=@report.R", "R is in the image alone"),
          Map.entry("WEBHOOK_HOSTS=hooks.example.org", "lines of a file for Docker"),
          Map.entry("JOBS_DATABASE=jdbc:", "lines of a file for Docker"),
          Map.entry("create role spark", "a server of databases for it: SeveralGatewaysIT has one"),
          Map.entry("-v /mnt/jobs:/mnt/jobs", "a container with a database: SeveralGatewaysIT"),
          Map.entry("\"deploy_mode\": \"cluster\"", "a jar in S3 and a worker: ClusterModeTest"),
          Map.entry("JOBS_DIR=s3a:", "lines of a file for Docker"));

  @TempDir private static Path directory;
  private static WebhookReceiver receiver;
  private static FakeProvider master;
  private static GatewayFixture gateway;

  /** What is run, by words that one of them alone has. */
  private final Map<String, Check> checks = new LinkedHashMap<>();

  /** The job whose id the next examples mean. */
  private String job = "";

  private record Example(String language, String text) {
    String title() {
      return text.lines().findFirst().orElse("");
    }
  }

  /** Runs an example and looks at what comes. */
  @FunctionalInterface
  private interface Check {
    void run(Example example) throws Exception;
  }

  GatewayGuideTest() {
    checks.put("\"params\": {\"carrier\"", this::aQueryWithValues);
    checks.put("results?format=csv&offset=0", this::aPageOfResults);
    checks.put("pyarrow.ipc.open_stream", this::resultsAsArrow);
    checks.put("create temporary view few", this::aSession);
    checks.put("job = call(\"POST\"", this::aQueryInPython);
    checks.put("examples/pyspark/pi.py", this::aProgram);
    checks.put("/log?stream=output", this::aProgramsLogs);
    checks.put("webhook-signature: v1,", this::theMessageOfAWebhook);
    checks.put("def is_genuine", this::theSignatureOfAWebhook);
    checks.put("/ui/applications/APP/", this::aPageOfSparks);
  }

  @BeforeAll
  static void start(ThriftServerProcess thrift) throws IOException {
    receiver = new WebhookReceiver();
    master = new FakeProvider();
    master.answer(
        "/json/",
        200,
        """
        {"status": "ALIVE", "url": "spark://m:7077", "workers": [],
         "activeapps": [{"id": "%s", "name": "pi", "state": "RUNNING", "user": "ann"}]}
        """
            .formatted(APPLICATION));
    Path conf = Files.createDirectories(directory.resolve("conf"));
    Files.writeString(
        conf.resolve("spark-defaults.conf"),
        """
        spark.master local[1]
        spark.ui.enabled false
        spark.driver.memory 512m
        spark.driver.extraJavaOptions %s -Djava.io.tmpdir=%s
        spark.pyspark.python %s
        """
            .formatted(SparkDistribution.ONE_COMPILER, directory, python()));
    GatewayFixture.Cluster cluster = new GatewayFixture.Cluster();
    cluster.thrift = Optional.of(thrift.address());
    cluster.masters = List.of(new HostAndPort("127.0.0.1", 7077));
    cluster.masterUiPort = URI.create(master.url("/")).getPort();
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            SparkDistribution.home(),
            cluster,
            Map.of(
                "SPARK_CONF_DIR",
                conf.toString(),
                "WEBHOOK_HOSTS",
                "127.0.0.1:" + receiver.port(),
                "WEBHOOK_PRIVATE_NETWORKS",
                "127.0.0.0/8",
                "WEBHOOK_SECRET",
                WEBHOOK_SECRET));
  }

  @AfterAll
  static void stop() {
    if (gateway != null) {
      gateway.close();
    }
    master.close();
    receiver.close();
  }

  private static String python() {
    return System.getProperty("spark.python", "python3");
  }

  private static List<Example> examples() throws IOException {
    return EXAMPLE
        .matcher(Files.readString(GUIDE))
        .results()
        .map(found -> new Example(found.group(1), found.group(2)))
        .toList();
  }

  @TestFactory
  Stream<DynamicTest> every_example_works_or_there_is_a_reason_why_it_is_not_run()
      throws IOException {
    return examples().stream()
        .map(example -> DynamicTest.dynamicTest(example.title(), () -> check(example)));
  }

  private void check(Example example) throws Exception {
    List<String> marks =
        Stream.concat(checks.keySet().stream(), NOT_RUN.keySet().stream())
            .filter(example.text()::contains)
            .toList();
    if (marks.size() != 1) {
      fail(
          "an example of %s that is in neither of this test's lists, or in several: %s%n%s"
              .formatted(GUIDE, marks, example.text()));
    }
    Check check = checks.get(marks.getFirst());
    if (check != null) {
      check.run(example);
    }
  }

  @Test
  void nothing_is_overlooked_and_nothing_listed_that_is_not_there_any_more() throws IOException {
    List<Example> examples = examples();
    assertThat(Files.readString(GUIDE).lines().filter(line -> line.strip().startsWith("```")))
        .as("beginnings and ends of examples")
        .hasSize(2 * examples.size());
    for (Set<String> marks : List.of(checks.keySet(), NOT_RUN.keySet())) {
      for (String mark : marks) {
        assertThat(examples).as(mark).filteredOn(it -> it.text().contains(mark)).hasSize(1);
      }
    }
  }

  /** What a program prints that gets on well. */
  private static String run(String text, String... command) throws Exception {
    Path out = Files.createTempFile(directory, "example", ".out");
    Path err = Files.createTempFile(directory, "example", ".err");
    List<String> whole = new ArrayList<>(List.of(command));
    whole.add(text);
    ProcessBuilder builder =
        new ProcessBuilder(whole).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeIf(it -> it.toLowerCase(Locale.ROOT).endsWith("_proxy"));
    builder.environment().put("GATEWAY", gateway.uri("").toString());
    builder.environment().put("TOKEN", GatewayFixture.TOKEN.reveal());
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as(text).isTrue();
      assertThat(process.exitValue()).as("%s%n%s", text, Files.readString(err)).isZero();
      assertThat(err).as("curl says nothing with -s, Python nothing that works").isEmptyFile();
    } finally {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
    return Files.readString(out);
  }

  private static String shell(Example example, String text) throws Exception {
    assertThat(example.language()).isEqualTo("sh");
    return run(text, "bash", "-eu", "-o", "pipefail", "-c");
  }

  private static String python(Example example, String more) throws Exception {
    assertThat(example.language()).isEqualTo("python");
    return run(example.text() + more, python(), "-c");
  }

  private static String replaced(Example example, String placeholder, String value) {
    assertThat(example.text()).contains(placeholder);
    return example.text().replace(placeholder, value);
  }

  /** The job of an answer, once it is over: on a slow machine that may be after the call. */
  private static JsonNode succeeded(JsonNode answer) {
    String address = "/api/v1/jobs/" + answer.path("id").asText();
    JsonNode over =
        Awaitility.await()
            .atMost(PATIENCE)
            .until(() -> json(gateway.get(address)), it -> it.has("finished_at"));
    assertThat(over.path("state").asText()).as(over.toString()).isEqualTo("succeeded");
    return over;
  }

  private void aQueryWithValues(Example example) throws Exception {
    JsonNode answer = succeeded(JSON.readTree(shell(example, example.text())));
    JsonNode result = answer.path("results").path(0);
    assertThat(result.path("columns").findValuesAsText("name"))
        .containsExactly("carrier", "flights");
    assertThat(result.path("rows").asInt()).isEqualTo(1);
    job = answer.path("id").asText();
  }

  private void aPageOfResults(Example example) throws Exception {
    String text = replaced(example, "/ID/", "/" + job + "/");
    String page = shell(example, text);
    assertThat(page.lines()).containsExactly("carrier,flights", "it's UA,10");
    assertThat(shell(example, text)).as("the same bytes").isEqualTo(page);
  }

  private void resultsAsArrow(Example example) throws Exception {
    assertThat(python(example, "\nprint(table('%s').to_pylist())".formatted(job)).strip())
        .isEqualTo("[{'carrier': \"it's UA\", 'flights': 10}]");
  }

  private void aSession(Example example) throws Exception {
    List<JsonNode> answers;
    try (var values =
        JSON.readerFor(JsonNode.class).<JsonNode>readValues(shell(example, example.text()))) {
      answers = values.readAll();
    }
    assertThat(answers).hasSize(2);
    for (JsonNode answer : answers) {
      succeeded(answer);
    }
    String counted = "/api/v1/jobs/" + answers.getLast().path("id").asText() + "/results";
    assertThat(json(gateway.get(counted)).path("rows").toString()).isEqualTo("[[3]]");
    assertThat(gateway.get("/api/v1/sessions").body())
        .as("it was closed")
        .doesNotContain("\"work\"");
  }

  private void aQueryInPython(Example example) throws Exception {
    assertThat(python(example, "").strip())
        .isEqualTo("succeeded [[0, 0], [1, 1], [2, 4], [3, 9], [4, 16]]");
  }

  private void aProgram(Example example) throws Exception {
    JsonNode answer = succeeded(JSON.readTree(shell(example, example.text())));
    assertThat(answer.path("name").asText()).isEqualTo("pi");
    job = answer.path("id").asText();
  }

  private void aProgramsLogs(Example example) throws Exception {
    String printed = shell(example, replaced(example, "/ID/", "/" + job + "/"));
    assertThat(printed).startsWith("pi is about 3.1").endsWith("event: end\ndata: succeeded\n\n");
    assertThat(printed).containsPattern("(?m)^id: \\d+\\ndata: .*SparkContext");
  }

  /** What the receiver was told of the first job that asked for it, which fails. */
  private static WebhookReceiver.Message told() throws IOException {
    String body =
        JSON.writeValueAsString(
            Map.of(
                "sql", "select * from nowhere",
                "name", "nightly",
                "webhook", receiver.url("/spark").toString()));
    HttpRequest.Builder request =
        gateway
            .request("/api/v1/queries")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (receiver.messages().isEmpty()) {
      assertThat(gateway.send(request).statusCode()).isEqualTo(202);
    }
    return Awaitility.await()
        .atMost(PATIENCE)
        .until(receiver::messages, messages -> !messages.isEmpty())
        .getFirst();
  }

  private static Set<String> fields(JsonNode object) {
    Set<String> names = new HashSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private void theMessageOfAWebhook(Example example) throws Exception {
    WebhookReceiver.Message message = told();
    String[] parts = example.text().split("\n\n", 2);
    parts[0]
        .lines()
        .map(line -> line.substring(0, line.indexOf(':')))
        .forEach(header -> assertThat(message.header(header)).as(header).isNotNull());
    JsonNode shown = JSON.readTree(parts[1]);
    JsonNode sent = message.json();
    assertThat(fields(sent)).isEqualTo(fields(shown));
    assertThat(fields(sent.path("data"))).isEqualTo(fields(shown.path("data")));
    for (String field : List.of("kind", "name", "state", "reason", "error_class", "sql_state")) {
      assertThat(sent.path("data").path(field)).as(field).isEqualTo(shown.path("data").path(field));
    }
  }

  private void theSignatureOfAWebhook(Example example) throws Exception {
    WebhookReceiver.Message message = told();
    Map<String, String> headers = new LinkedHashMap<>();
    for (String name : List.of("webhook-id", "webhook-timestamp", "webhook-signature")) {
      headers.put(name, message.header(name));
    }
    Path file =
        Files.writeString(
            directory.resolve("message.json"),
            JSON.writeValueAsString(Map.of("headers", headers, "body", message.body())),
            StandardCharsets.UTF_8);
    String ask =
        """

        import json
        message = json.load(open("%s"))
        body = message["body"].encode()
        print(is_genuine("%s", message["headers"], body),
              is_genuine("%s", message["headers"], body + b" "),
              is_genuine("another secret", message["headers"], body))
        """
            .formatted(file, WEBHOOK_SECRET, WEBHOOK_SECRET);
    assertThat(python(example, ask).strip()).isEqualTo("True False False");
  }

  private void aPageOfSparks(Example example) throws Exception {
    String jobs = "[{\"jobId\": 0, \"status\": \"RUNNING\"}]";
    master.answer(
        "/proxy/" + APPLICATION + "/api/v1/applications/" + APPLICATION + "/jobs", 200, jobs);
    assertThat(shell(example, replaced(example, "APP", APPLICATION))).isEqualTo(jobs);
  }
}
