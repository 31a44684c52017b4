package io.sparkappliance.gateway;

import static io.sparkappliance.gateway.GatewayFixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.WebhookReceiver;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The field {@code webhook} of a request, and what a job tells of it. */
class WebhookApiTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir private Path directory;
  private WebhookReceiver receiver;
  private ApiDefinition definition;

  @BeforeEach
  void start() throws IOException {
    receiver = new WebhookReceiver();
    definition = new ApiDefinition();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  private GatewayFixture gateway(Map<String, String> variables) throws IOException {
    return new GatewayFixture(
        directory.resolve("data"),
        FakeSpark.create(directory.resolve("spark")),
        new GatewayFixture.Cluster(),
        variables);
  }

  private GatewayFixture allowing() throws IOException {
    return gateway(
        Map.of(
            "WEBHOOK_HOSTS",
            "127.0.0.1:" + receiver.port() + ",10.0.0.7",
            "WEBHOOK_PRIVATE_NETWORKS",
            "127.0.0.0/8"));
  }

  private HttpResponse<String> application(GatewayFixture gateway, String spec) throws IOException {
    return definition.check(
        "post",
        "/api/v1/applications",
        gateway.post(
            "/api/v1/applications?wait=60",
            new GatewayFixture.Form().field("spec", spec).file("program.py", "exit 3")));
  }

  private HttpResponse<String> query(GatewayFixture gateway, String body) throws IOException {
    return definition.check(
        "post",
        "/api/v1/queries",
        gateway.send(
            gateway
                .request("/api/v1/queries")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))));
  }

  private static String fieldOf(HttpResponse<String> answer) throws IOException {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    return json(answer).path("field").asText();
  }

  @Test
  void a_job_shows_how_far_its_receiver_was_told_and_the_audit_log_has_the_outcome()
      throws Exception {
    try (GatewayFixture gateway = allowing()) {
      HttpResponse<String> answer =
          application(
              gateway,
              "{\"name\": \"load\", \"webhook\": \"" + receiver.url("/hidden?key=hidden") + "\"}");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      String id = json(answer).path("id").asText();
      JsonNode job =
          Awaitility.await()
              .atMost(PATIENCE)
              .until(
                  () ->
                      json(
                          definition.check(
                              "get", "/api/v1/jobs/{id}", gateway.get("/api/v1/jobs/" + id))),
                  it -> it.path("webhook").path("state").asText().equals("delivered"));
      JsonNode webhook = job.path("webhook");
      assertThat(job.toString()).doesNotContain("hidden");
      assertThat(webhook.path("host").asText()).isEqualTo("127.0.0.1");
      assertThat(webhook.path("attempts").asInt()).isEqualTo(1);
      WebhookReceiver.Message message = receiver.messages().getFirst();
      assertThat(message.target()).isEqualTo("/hidden?key=hidden");
      assertThat(message.header("webhook-id")).isEqualTo(webhook.path("event_id").asText());
      assertThat(message.header("webhook-signature")).as("there is no key").isNull();
      assertThat(message.json().path("data").path("state").asText()).isEqualTo("failed");

      Path audit = directory.resolve("data/logs/audit.log");
      List<String> lines =
          Awaitility.await()
              .atMost(PATIENCE)
              .until(
                  () ->
                      Files.readAllLines(audit).stream()
                          .filter(line -> line.contains("WEBHOOK"))
                          .toList(),
                  found -> !found.isEmpty());
      assertThat(lines).hasSize(1);
      JsonNode line = new ObjectMapper().readTree(lines.getFirst());
      assertThat(line.path("what").asText()).isEqualTo("WEBHOOK 127.0.0.1");
      assertThat(line.path("job").asText()).isEqualTo(id);
      assertThat(line.path("who").asText()).isEqualTo("local");
      assertThat(line.path("result").asText()).isEqualTo("done");
      assertThat(Files.readString(audit)).doesNotContain("hidden");
    }
  }

  @Test
  void pages_are_told_whether_jobs_may_have_one() throws Exception {
    for (boolean allowed : new boolean[] {true, false}) {
      try (GatewayFixture gateway = allowed ? allowing() : gateway(Map.of())) {
        HttpResponse<String> me = definition.check("get", "/api/v1/me", gateway.get("/api/v1/me"));
        assertThat(json(me).path("webhooks").asBoolean()).isEqualTo(allowed);
      }
    }
  }

  @Test
  void a_job_without_it_says_nothing_of_it() throws Exception {
    try (GatewayFixture gateway = allowing()) {
      assertThat(json(application(gateway, "{}")).has("webhook")).isFalse();
      assertThat(json(application(gateway, "{\"webhook\": null}")).has("webhook")).isFalse();
    }
  }

  @Test
  void other_hosts_private_addresses_and_nonsense_are_answered_with_400() throws Exception {
    try (GatewayFixture gateway = allowing()) {
      for (String value :
          List.of(
              "\"https://evil.example.org/\"",
              "\"http://127.0.0.1:1/\"",
              "\"http://10.0.0.7/\"",
              "\"hooks\"",
              "\"\"",
              "7",
              "[\"http://127.0.0.1/\"]")) {
        assertThat(fieldOf(application(gateway, "{\"webhook\": " + value + "}")))
            .as(value)
            .isEqualTo("webhook");
        assertThat(fieldOf(query(gateway, "{\"sql\": \"select 1\", \"webhook\": " + value + "}")))
            .as(value)
            .isEqualTo("webhook");
      }
    }
  }

  @Test
  void where_no_host_is_allowed_the_answer_names_the_variable() throws Exception {
    try (GatewayFixture gateway = gateway(Map.of())) {
      String spec = "{\"webhook\": \"https://hooks.example.org/\"}";
      HttpResponse<String> answer = application(gateway, spec);
      assertThat(fieldOf(answer)).isEqualTo("webhook");
      assertThat(answer.body()).contains("WEBHOOK_HOSTS");
    }
  }
}
