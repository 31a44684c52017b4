package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.auth.Principal;
import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.jobs.Jobs;
import io.sparkappliance.testing.FakeProvider;
import io.sparkappliance.testing.FakeSpark;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway whose callers a provider tells apart. */
class AccessTest {
  @TempDir private Path directory;
  private FakeProvider provider;
  private GatewayFixture gateway;
  private ApiDefinition definition;

  @BeforeEach
  void start() throws IOException {
    definition = new ApiDefinition();
    provider = new FakeProvider();
    person("ann", "user");
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            FakeSpark.create(directory.resolve("spark")),
            new GatewayFixture.Cluster(),
            Map.of(
                "TOKENINFO_URL",
                provider.url("/tokeninfo"),
                "ROLES_CLAIM",
                "roles",
                "ROLES_DEFAULT",
                "none"));
  }

  @AfterEach
  void stop() {
    gateway.close();
    provider.close();
  }

  /** Whose every token is, that was not seen before. */
  private void person(String name, String role) {
    provider.answer(
        "/tokeninfo",
        200,
        "{\"uid\": \"%s\", \"scope\": [\"uid\"], \"roles\": [\"%s\"]}".formatted(name, role));
  }

  private HttpRequest.Builder as(String token, String path) {
    return gateway.open(path).header("Authorization", "Bearer " + token);
  }

  private HttpResponse<String> get(String token, String path) throws IOException {
    return gateway.send(as(token, path));
  }

  private String submit(String token) throws IOException {
    return gateway
        .send(new Form().file("a.py", "echo done").in(as(token, "/submit_application")))
        .body();
  }

  private List<JsonNode> audit() throws IOException {
    return audit("audit.log");
  }

  private List<JsonNode> audit(String file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("data/logs").resolve(file))) {
      lines.add(new ObjectMapper().readTree(line));
    }
    return lines;
  }

  private JsonNode lastAudit(int lines) {
    return Awaitility.await().until(this::audit, found -> found.size() >= lines).getLast();
  }

  @Test
  void every_call_but_health_asks_for_a_token_also_those_that_do_not_exist() throws Exception {
    for (String path :
        List.of(
            "/",
            "/ui",
            "/openapi.yaml",
            "/.well-known/schema-discovery",
            "/get_master_ip",
            "/get_master_uri",
            "/get_thrift_server_uri",
            "/get_connect_uri",
            "/get_job_status/" + "0".repeat(32),
            "/api/v1/me",
            "/healthz/../get_master_uri",
            "/healthz;x",
            "/nowhere")) {
      HttpResponse<String> answer = gateway.send(gateway.open(path));
      assertThat(answer.statusCode()).as(path).isIn(400, 401);
      assertThat(
              gateway
                  .send(gateway.open(path).method("OPTIONS", HttpRequest.BodyPublishers.noBody()))
                  .statusCode())
          .as(path)
          .isIn(400, 401);
    }
    assertThat(gateway.send(gateway.open("/healthz")).statusCode()).isEqualTo(200);
    assertThat(gateway.send(gateway.open("/healthz/")).statusCode()).isEqualTo(200);
    assertThat(get("token", "/.well-known/schema-discovery").statusCode()).isEqualTo(200);
    assertThat(get("token", "/nowhere").statusCode()).isEqualTo(404);
  }

  @Test
  void the_nodes_own_token_is_nobodys() throws Exception {
    provider.answer("/tokeninfo", 401, "{}");
    HttpResponse<String> answer = definition.check("get", "/api/v1/me", gateway.get("/api/v1/me"));
    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.headers().firstValue("WWW-Authenticate"))
        .contains("Bearer realm=\"spark-appliance\", error=\"invalid_token\"");
  }

  @Test
  void it_tells_who_one_is() throws Exception {
    HttpResponse<String> answer = definition.check("get", "/api/v1/me", get("t1", "/api/v1/me"));
    assertThat(json(answer))
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    "{\"name\":\"ann\",\"role\":\"user\",\"sign_in\":\"tokeninfo\",\"can_sign_out\":false,\"webhooks\":false}"));
  }

  @Test
  void a_job_is_its_owners() throws Exception {
    String id = submit("anns");
    assertThat(id).matches("[0-9a-f]{32}");
    person("bob", "user");
    for (String call : List.of("/get_job_status/", "/get_job_output/")) {
      assertThat(get("bobs", call + id).statusCode()).as(call).isEqualTo(404);
    }
    Awaitility.await()
        .until(() -> get("anns", "/get_job_status/" + id).statusCode(), code -> code == 201);
    assertThat(get("anns", "/get_job_output/" + id).body()).isEqualTo("done\n");
  }

  @Test
  void roles_and_scopes_decide() throws Exception {
    person("rita", "reader");
    HttpResponse<String> answer =
        definition.check(
            "post",
            "/submit_application",
            gateway.send(new Form().file("a.py", "echo").in(as("ritas", "/submit_application"))));
    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(json(answer).path("error").asText())
        .isEqualTo("Your role is reader; this needs user.");
    assertThat(get("ritas", "/get_job_status/" + "0".repeat(32)).statusCode()).isEqualTo(404);
    person("nick", "nothing");
    assertThat(get("nicks", "/get_master_uri").statusCode()).isEqualTo(403);
    provider.answer("/tokeninfo", 200, "{\"uid\": \"sue\", \"scope\": [\"cn\"]}");
    HttpResponse<String> scopeless = get("sues", "/api/v1/me");
    assertThat(scopeless.statusCode()).isEqualTo(403);
    assertThat(scopeless.headers().firstValue("WWW-Authenticate"))
        .contains("Bearer realm=\"spark-appliance\", error=\"insufficient_scope\", scope=\"uid\"");
  }

  @Test
  void a_provider_that_is_down_makes_no_token_invalid() throws Exception {
    provider.answer("/tokeninfo", 500, "{}");
    HttpResponse<String> answer = definition.check("get", "/api/v1/me", get("t", "/api/v1/me"));
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).contains("10");
  }

  @Test
  void who_guesses_is_stopped_and_the_provider_left_alone() throws Exception {
    provider.answer("/tokeninfo", 401, "{}");
    for (int guess = 0; guess < FailureLimit.MOST; guess++) {
      assertThat(get("guess" + guess, "/api/v1/me").statusCode()).isEqualTo(401);
    }
    HttpResponse<String> answer = definition.check("get", "/api/v1/me", get("x", "/api/v1/me"));
    assertThat(answer.statusCode()).isEqualTo(429);
    assertThat(Integer.parseInt(answer.headers().firstValue("Retry-After").orElseThrow()))
        .isBetween(1, 61);
    assertThat(provider.asked("/tokeninfo")).isEqualTo(FailureLimit.MOST);
    assertThat(gateway.send(gateway.open("/healthz")).statusCode()).isEqualTo(200);
  }

  @Test
  void the_audit_log_tells_who_did_what_and_no_secret() throws Exception {
    String id = submit("secret-token-of-ann");
    JsonNode submission = lastAudit(1);
    assertThat(submission.path("who").asText()).isEqualTo("ann");
    assertThat(submission.path("role").asText()).isEqualTo("user");
    assertThat(submission.path("from").asText()).isEqualTo("127.0.0.1");
    assertThat(submission.path("what").asText()).isEqualTo("POST /submit_application");
    assertThat(submission.path("job").asText()).isEqualTo(id);
    assertThat(submission.path("status").asInt()).isEqualTo(200);
    assertThat(submission.path("result").asText()).isEqualTo("done");
    assertThat(submission.path("at").asText()).matches("\\d{4}-.*T.*Z");
    person("r\\u2028ita", "reader");
    get("secret-token-of-rita", "/get_master_uri?token=secret");
    person("r\\u00efta", "reader");
    gateway.send(new Form().file("a.py", "x").in(as("secret-of-rita", "/submit_application")));
    assertThat(lastAudit(2).path("who").asText()).isEqualTo("rïta");
    provider.answer("/tokeninfo", 401, "{}");
    get("secret-of-nobody", "/a%0ab%22");
    Path unknown = directory.resolve("data/logs/audit-unknown.log");
    JsonNode refusal =
        Awaitility.await()
            .until(() -> audit("audit-unknown.log"), found -> found.size() == 2)
            .getLast();
    assertThat(refusal.has("who")).isFalse();
    assertThat(refusal.path("result").asText()).isEqualTo("refused");
    for (Path file : List.of(directory.resolve("data/logs/audit.log"), unknown)) {
      assertThat(Files.readString(file)).doesNotContain("secret").matches("[\\x0a\\x20-\\x7e]*");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
    assertThat(audit()).hasSize(2);
  }

  @Test
  void without_a_client_nobody_signs_in_by_browser() throws Exception {
    assertThat(
            definition
                .check("get", "/sign-in", gateway.send(gateway.open("/sign-in")))
                .statusCode())
        .isEqualTo(404);
    assertThat(gateway.send(gateway.open("/").header("Accept", "text/html,*/*")).statusCode())
        .isEqualTo(401);
  }

  @Test
  void where_nobody_tells_people_apart_all_own_the_same_jobs() {
    assertThat(Principal.LOCAL.name()).isEqualTo(Jobs.LOCAL_OWNER);
  }
}
