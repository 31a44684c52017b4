package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.testing.FakeProvider;
import io.sparkappliance.testing.FakeSpark;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Spark's web pages behind the gateway; a master and a history server that tell what they see. */
class SparkPagesTest {
  private static final String WORKER = "worker-20260131120000-10.0.0.7-41000";
  private static final String APPLICATION = "app-20260131120000-0001";
  private static final String HTML = "text/html;charset=utf-8";

  @TempDir Path directory;

  private record Answer(int status, String type, String body, Map<String, String> headers) {}

  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();
  private HttpServer spark;
  private GatewayFixture gateway;

  @BeforeEach
  void start() throws IOException {
    spark = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    spark.createContext("/", this::answer);
    spark.start();
    put(
        "/json/",
        "application/json",
        """
        {"status": "ALIVE", "url": "spark://m:7077",
         "workers": [{"id": "%s", "host": "10.0.0.7", "port": 41000, "state": "ALIVE"}],
         "activeapps": [{"id": "%s", "name": "flights", "state": "RUNNING", "user": "ann"}]}
        """
            .formatted(WORKER, APPLICATION));
  }

  private void open(Map<String, String> more) throws IOException {
    GatewayFixture.Cluster cluster = new GatewayFixture.Cluster();
    cluster.masters = List.of(new HostAndPort("127.0.0.1", 7077));
    cluster.masterUiPort = spark.getAddress().getPort();
    cluster.historyServers = List.of(new HostAndPort("127.0.0.1", spark.getAddress().getPort()));
    gateway =
        new GatewayFixture(
            directory.resolve("data"), FakeSpark.create(directory.resolve("spark")), cluster, more);
  }

  @AfterEach
  void stop() {
    if (gateway != null) {
      gateway.close();
    }
    spark.stop(0);
  }

  private void put(String path, String type, String body) {
    answers.put(path, new Answer(200, type, body, Map.of()));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().toString();
    if (!path.equals("/json/")) {
      asked.add(exchange.getRequestMethod() + " " + path);
      headers.add(Map.copyOf(exchange.getRequestHeaders()));
    }
    try (InputStream in = exchange.getRequestBody()) {
      in.readAllBytes();
    }
    Answer answer =
        answers.getOrDefault(path, new Answer(404, "text/plain", "no such page", Map.of()));
    exchange.getResponseHeaders().add("Content-Type", answer.type());
    answer.headers().forEach((name, value) -> exchange.getResponseHeaders().add(name, value));
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(answer.status(), head || body.length == 0 ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  /** Where somebody with the node's token is sent from an address that people know. */
  private String pass(String entry) throws IOException {
    HttpResponse<String> answer = gateway.get(entry);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(302);
    return answer.headers().firstValue("Location").orElseThrow();
  }

  /** What a browser gets that sends nothing but the address. */
  private HttpResponse<String> browse(String path) throws IOException {
    return gateway.send(gateway.open(path));
  }

  @Test
  void the_leading_masters_page_is_shown_with_all_its_links() throws Exception {
    open(Map.of());
    put(
        "/",
        HTML,
        """
        <html><head><link href="/ui/spark-pages/static/webui.css"/>
        <script>setUIRoot('/ui/spark-pages')</script></head>
        <a href="/proxy/%s">w</a><a href="/proxy/%s">a</a><a href="/proxy/app-9">old</a>
        <a href="/environment/">e</a><a href="app/?appId=x">x</a><a href="//else.example/">z</a>
        """
            .formatted(WORKER, APPLICATION));
    assertThat(browse("/ui/master").statusCode()).isEqualTo(401);

    String master = pass("/ui/master");
    assertThat(master).matches("/ui/proxy/[A-Za-z0-9._-]+/");
    HttpResponse<String> page = browse(master);
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.body())
        .contains("href=\"" + master + "static/webui.css\"")
        .contains("setUIRoot('" + master.substring(0, master.length() - 1) + "')")
        .contains("href=\"" + master + "environment/\"")
        .contains("href=\"app/?appId=x\"", "href=\"//else.example/\"")
        .containsPattern("href=\"/ui/pages/[A-Za-z0-9._-]+/proxy/" + WORKER + "\"")
        .containsPattern("href=\"/ui/pages/[A-Za-z0-9._-]+/proxy/" + APPLICATION + "\"")
        .contains("<head><script>try{window.localStorage}");
    assertThat(asked).containsExactly("GET /");
    assertThat(headers.getFirst()).containsEntry("X-forwarded-context", List.of("/ui/spark-pages"));
  }

  @Test
  void scripts_on_these_pages_are_nobodys() throws Exception {
    open(Map.of());
    answers.put(
        "/",
        new Answer(
            200,
            HTML,
            "<html></html>",
            Map.of(
                "Set-Cookie",
                "JSESSIONID=1",
                "Content-Security-Policy",
                "default-src *",
                "Access-Control-Allow-Origin",
                "*",
                "X-Own",
                "1")));
    HttpResponse<String> page = browse(pass("/ui/master"));
    assertThat(page.headers().allValues("Content-Security-Policy"))
        .singleElement()
        .asString()
        .startsWith("sandbox allow-scripts ")
        .doesNotContain("allow-same-origin")
        .contains("default-src 'none'", "frame-ancestors 'none'");
    assertThat(page.headers().allValues("Access-Control-Allow-Origin")).containsExactly("null");
    assertThat(page.headers().map()).doesNotContainKeys("set-cookie", "x-own");
    assertThat(page.headers().firstValue("X-Frame-Options")).contains("DENY");
    HttpResponse<String> first =
        gateway.send(
            gateway
                .open("/ui/pages/x/api/v1/applications")
                .header("Access-Control-Request-Headers", "x-requested-with")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
    assertThat(first.statusCode()).isEqualTo(204);
    assertThat(first.headers().firstValue("Access-Control-Allow-Headers"))
        .contains("X-Requested-With");
    assertThat(first.headers().firstValue("Access-Control-Allow-Credentials")).isEmpty();
    assertThat(gateway.get("/api/v1/me").headers().firstValue("Access-Control-Allow-Origin"))
        .isEmpty();
    assertThat(gateway.get("/ui").headers().firstValue("Content-Security-Policy"))
        .contains(WebPage.POLICY);
  }

  @Test
  void nothing_of_the_callers_reaches_spark() throws Exception {
    open(Map.of());
    put("/", HTML, "<html></html>");
    String master = pass("/ui/master");
    gateway.send(
        gateway
            .request(master)
            .header("Cookie", "spark-session=secret; csrf=secret")
            .header("X-CSRF-Token", "secret")
            .header("X-Forwarded-For", "10.1.1.1")
            .header("Accept", "text/html"));
    assertThat(headers.getLast().keySet())
        .contains("Accept")
        .doesNotContain("Cookie", "Authorization", "X-csrf-token", "X-forwarded-for");
    assertThat(headers.getLast().toString()).doesNotContain(master);
  }

  @Test
  void an_applications_pages_lead_to_nothing_else() throws Exception {
    open(Map.of());
    String start = "/proxy/" + APPLICATION;
    answers.put(
        start + "/",
        new Answer(
            302,
            "text/plain",
            "",
            Map.of(
                "Location",
                "http://127.0.0.1:" + spark.getAddress().getPort() + start + "/jobs/?a=1")));
    put(
        start + "/jobs/?a=1",
        HTML,
        "<a href=\"%s/jobs/job/?id=1\">1</a> <a href=\"/proxy/%s/\">w</a>"
            .formatted(start, WORKER));
    put(start + "/api/v1/applications", "application/json", "[{\"id\": \"/proxy/x\"}]");

    String application = pass("/ui/applications/" + APPLICATION);
    HttpResponse<String> sent = browse(application);
    assertThat(sent.statusCode()).isEqualTo(302);
    String jobs = sent.headers().firstValue("Location").orElseThrow();
    assertThat(jobs).isEqualTo(application + "jobs/?a=1");
    HttpResponse<String> page = browse(jobs);
    assertThat(page.body()).contains("href=\"" + application + "jobs/job/?id=1\"");
    // A program could read a pass that is on its page.
    Matcher other = Pattern.compile("href=\"([^\"]*/proxy/" + WORKER + "/)\"").matcher(page.body());
    assertThat(other.find()).isTrue();
    int before = asked.size();
    assertThat(browse(other.group(1)).statusCode()).isIn(401, 404);
    assertThat(asked).hasSize(before);

    HttpResponse<String> data = browse(application + "api/v1/applications");
    assertThat(data.body()).as("only pages are rewritten").isEqualTo("[{\"id\": \"/proxy/x\"}]");
    assertThat(data.headers().firstValue("Content-Type")).contains("application/json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "environment/",
        "proxy/app-9/",
        "proxy/app-20260131120000-00012/",
        "json/",
        "proxy/app-20260131120000-0001/../worker-1/",
        "proxy/app-20260131120000-0001/%2e%2e/x",
        "proxy/app-20260131120000-0001/..%2fx",
        "proxy/app-20260131120000-0001/;x/../../json",
        "proxy/app-20260131120000-0001//else.example/",
        "proxy/app-20260131120000-0001/jobs/job/kill",
        "proxy/app-20260131120000-0001/stages/stage/KILL/?id=1",
        "proxy/app-20260131120000-0001/jobs/job/%6bill/?id=1",
        "proxy/app-20260131120000-0001/jobs/job/ki%6C%6c/?id=1",
        "proxy/app-20260131120000-0001/a%00b",
        "static/%2e%2e/json/"
      })
  void a_pass_opens_what_it_was_made_for(String path) throws Exception {
    open(Map.of());
    String application = pass("/ui/applications/" + APPLICATION);
    String base = application.substring(0, application.indexOf("proxy/" + APPLICATION));
    int before = asked.size();
    assertThat(RawHttp.status(gateway.server().port(), "GET " + base + path)).isBetween(400, 404);
    assertThat(asked).hasSize(before);
  }

  @Test
  void they_only_show() throws Exception {
    open(Map.of());
    String master = pass("/ui/master");
    HttpResponse<String> killed =
        gateway.send(
            gateway.request(master + "app/kill/").POST(HttpRequest.BodyPublishers.noBody()));
    assertThat(killed.statusCode()).isEqualTo(405);
    HttpResponse<String> got = browse(master + "driver/kill/?id=1&terminate=true");
    assertThat(got.statusCode()).isEqualTo(403);
    assertThat(Files.readString(directory.resolve("data/logs/audit.log")))
        .contains("\"who\":\"local\"", "GET /ui/proxy/*/driver/kill/", "\"status\":403")
        .doesNotContain(master);
    assertThat(json(got).path("error").asText()).contains("only show");
    assertThat(asked).isEmpty();
  }

  @Test
  void a_worker_is_found_by_its_id_or_its_address() throws Exception {
    open(Map.of());
    String start = "/proxy/" + WORKER;
    put(start + "/", HTML, "<a href=\"http://m:8080\">m</a><a href=\"/static/x.css\">s</a>");
    put("/static/x.css", "text/css", "a {}");
    String worker = pass("/ui/workers/" + WORKER);
    assertThat(worker).endsWith(start + "/");
    assertThat(pass("/ui/workers/10.0.0.7:41000")).isEqualTo(worker);
    assertThat(pass("/proxy/" + WORKER + "/logPage/?x=1")).isEqualTo(worker + "logPage/?x=1");
    String page = browse(worker).body();
    String base = worker.substring(0, worker.indexOf(start));
    assertThat(page)
        .contains("<a href=\"/ui/master\">m</a>")
        .contains("href=\"" + base + "/static/x.css\"");
    HttpResponse<String> style = browse(base + "/static/x.css");
    assertThat(style.body()).isEqualTo("a {}");
    assertThat(style.headers().firstValue("Cache-Control")).contains("private, max-age=3600");
    assertThat(gateway.get("/ui/workers/10.0.0.8:41000").statusCode()).isEqualTo(404);
  }

  @Test
  void the_history_servers_pages_are_shown() throws Exception {
    open(Map.of());
    put("/", HTML, "<a href=\"/ui/spark-pages/history/app-1/jobs/\">1</a>");
    put("/history/app-1/jobs/", HTML, "<p>jobs</p>");
    String history = pass("/ui/history");
    assertThat(browse(history).body()).contains("href=\"" + history + "history/app-1/jobs/\"");
    assertThat(browse(history + "history/app-1/jobs/").body()).contains("<p>jobs</p>");
    assertThat(pass("/ui/history/app-1/jobs/")).isEqualTo(history + "history/app-1/jobs/");
  }

  @Test
  void masters_are_those_that_are_known() throws Exception {
    open(Map.of());
    put("/", HTML, "<p>one of them</p>");
    assertThat(browse(pass("/ui/masters/127.0.0.1")).body()).contains("one of them");
    assertThat(gateway.get("/ui/masters/localhost").statusCode()).isEqualTo(404);
    assertThat(gateway.get("/ui/masters/169.254.169.254").statusCode()).isEqualTo(404);
  }

  @Test
  void nobody_is_sent_away_by_spark() throws Exception {
    open(Map.of());
    answers.put("/", new Answer(302, "text/plain", "", Map.of("Location", "http://else.example/")));
    HttpResponse<String> answer = browse(pass("/ui/master"));
    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.headers().firstValue("Location")).isEmpty();
  }

  @Test
  void a_page_without_end_is_given_up() throws Exception {
    open(Map.of());
    put("/", HTML, "x".repeat(9 << 20));
    assertThat(browse(pass("/ui/master")).statusCode()).isEqualTo(502);
  }

  @Test
  void what_nobody_answers_is_not_there() throws Exception {
    open(Map.of());
    String master = pass("/ui/master");
    put("/proxy/" + APPLICATION + "/", HTML, "<p>its jobs</p>");
    String application = pass("/ui/applications/" + APPLICATION);
    put("/json/", "application/json", "{\"status\": \"STANDBY\"}");
    Awaitility.await().until(() -> browse(application).statusCode(), status -> status == 404);
    assertThat(browse(master).statusCode()).isEqualTo(503);
    assertThat(gateway.get("/ui/applications/" + APPLICATION).statusCode()).isEqualTo(404);
    assertThat(gateway.get("/ui/nothing").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/ui/proxy/x/", "/ui/pages/x.y/", "/ui/pages/.", "/ui/pages/eA.eA/static/"})
  void who_makes_a_pass_up_is_refused(String path) throws Exception {
    open(Map.of());
    assertThat(browse(path).statusCode()).isIn(400, 403);
    assertThat(asked).isEmpty();
  }

  @Test
  void the_cluster_tells_where_they_are() throws Exception {
    open(Map.of());
    put("/proxy/" + APPLICATION + "/", HTML, "<p>its jobs</p>");
    JsonNode cluster = json(gateway.get("/api/v1/cluster"));
    String application = cluster.path("applications").path(0).path("ui_url").asText();
    assertThat(browse(application).body()).contains("its jobs");
    assertThat(cluster.path("workers").path(0).path("ui_url").asText())
        .endsWith("/proxy/" + WORKER + "/");
    assertThat(cluster.path("links").path("master_page").asText()).startsWith("/ui/proxy/");
    assertThat(cluster.path("links").path("history").asText()).startsWith("/ui/pages/");
  }

  /** A job as it tells of its application; the job waits until it is cancelled. */
  private JsonNode running(String token, String application) throws IOException {
    String program =
        """
        printf 'id=%s\\nui=http\\\\://10.0.0.1\\:4040\\n' > "$SPARK_APPLIANCE_NOTE.new"
        mv "$SPARK_APPLIANCE_NOTE.new" "$SPARK_APPLIANCE_NOTE"
        until [ -e "$0.never" ]; do sleep 0.1; done
        """
            .formatted(application);
    HttpResponse<String> accepted =
        gateway.send(
            new Form()
                .file("program.py", program)
                .in(gateway.open("/api/v1/applications").header("Authorization", token)));
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    String path = accepted.headers().firstValue("Location").orElseThrow();
    return Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> ask(token, path), job -> job.has("spark_application_id"));
  }

  private JsonNode ask(String token, String path) throws IOException {
    return json(gateway.send(gateway.open(path).header("Authorization", token)));
  }

  @Test
  void a_running_job_leads_to_them() throws Exception {
    open(Map.of());
    put("/proxy/" + APPLICATION + "/", HTML, "<p>its jobs</p>");
    String token = "Bearer " + GatewayFixture.TOKEN.reveal();
    JsonNode job = running(token, APPLICATION);
    String page = job.path("ui_url").asText();
    assertThat(page).startsWith("/ui/pages/").endsWith("/proxy/" + APPLICATION + "/");
    assertThat(browse(page).body()).contains("its jobs");
    assertThat(job.path("spark_ui_url").asText()).isEqualTo("http://10.0.0.1:4040");
    JsonNode listed = ask(token, "/api/v1/jobs").path("jobs").path(0);
    assertThat(listed.path("ui_url").asText()).endsWith("/proxy/" + APPLICATION + "/");

    JsonNode local = running(token, "local-1700000000000");
    assertThat(local.has("ui_url")).as("no master knows it").isFalse();
    assertThat(local.path("spark_ui_url").asText()).isEqualTo("http://10.0.0.1:4040");

    String path = "/api/v1/jobs/" + job.path("id").asText();
    gateway.send(gateway.request(path + "/cancel").POST(HttpRequest.BodyPublishers.noBody()));
    JsonNode over =
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> ask(token, path), now -> now.has("finished_at"));
    assertThat(over.path("spark_application_id").asText()).isEqualTo(APPLICATION);
    assertThat(over.has("ui_url")).isFalse();
    assertThat(over.has("spark_ui_url")).isFalse();
  }

  @Test
  void a_running_job_leads_nobody_to_pages_that_they_may_not_see() throws Exception {
    try (FakeProvider provider = new FakeProvider()) {
      provider.answer(
          "/tokeninfo", 200, "{\"uid\": \"ann\", \"scope\": [\"uid\"], \"roles\": [\"user\"]}");
      open(Map.of("TOKENINFO_URL", provider.url("/tokeninfo"), "ROLES_CLAIM", "roles"));
      JsonNode job = running("Bearer t1", APPLICATION);
      assertThat(job.has("ui_url")).isFalse();
      assertThat(job.path("spark_ui_url").asText()).isEqualTo("http://10.0.0.1:4040");
      assertThat(ask("Bearer t1", "/api/v1/jobs").toString())
          .contains(APPLICATION)
          .doesNotContain("\"ui_url\"", "/ui/p");
    }
  }

  @Test
  void what_others_do_is_for_administrators() throws Exception {
    try (FakeProvider provider = new FakeProvider()) {
      provider.answer(
          "/tokeninfo", 200, "{\"uid\": \"ann\", \"scope\": [\"uid\"], \"roles\": [\"user\"]}");
      open(Map.of("TOKENINFO_URL", provider.url("/tokeninfo"), "ROLES_CLAIM", "roles"));
      for (String entry :
          List.of(
              "/ui/master",
              "/ui/masters/127.0.0.1",
              "/ui/history",
              "/ui/history/app-1/",
              "/ui/workers/" + WORKER,
              "/ui/applications/" + APPLICATION,
              "/proxy/" + WORKER)) {
        assertThat(browse(entry).statusCode()).as(entry).isEqualTo(401);
        HttpResponse<String> refused =
            gateway.send(gateway.open(entry).header("Authorization", "Bearer t1"));
        assertThat(refused.statusCode()).as(entry).isEqualTo(403);
      }
      HttpResponse<String> cluster =
          gateway.send(gateway.open("/api/v1/cluster").header("Authorization", "Bearer t1"));
      assertThat(cluster.body()).contains(APPLICATION).doesNotContain("ui_url", "/ui/p");
      assertThat(Files.readString(directory.resolve("data/logs/audit.log")))
          .contains("\"who\":\"ann\"", "GET /ui/master", "\"status\":403");
      assertThat(asked).isEmpty();
    }
  }
}
