package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The calls below /api/v1, and the page that uses them. */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class JobApiIT {
  private static SharedNode node;
  private static GatewayClient gateway;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    gateway = node.gateway();
  }

  private static JsonNode get(String path) {
    Http.Answer answer = gateway.get(path);
    assertThat(answer.code()).as(answer.text()).isEqualTo(200);
    return SharedNode.json(answer.text());
  }

  private static JsonNode awaitState(String id, String state) {
    return await("job " + id + " " + state)
        .atMost(Duration.ofMinutes(3))
        .until(() -> get("/api/v1/jobs/" + id), job -> job.path("state").asText().equals(state));
  }

  @Test
  void sqlTakesValuesAndGivesPages() {
    Http.Answer answer =
        gateway.postJson(
            "/api/v1/queries?wait=120",
            "{\"sql\": \"select id, :text as t from range(0, 2500, 1, 1)\","
                + " \"params\": {\"text\": \"it's\"}}");
    assertThat(answer.code()).as(answer.text()).isEqualTo(200);
    JsonNode job = SharedNode.json(answer.text());
    assertThat(job.path("state").asText()).as(answer.text()).isEqualTo("succeeded");
    String results = "/api/v1/jobs/" + job.path("id").asText() + "/results";
    assertThat(get(results + "?offset=2400&limit=1").path("rows").toString())
        .isEqualTo("[[2400,\"it's\"]]");
    assertThat(gateway.get(results + "?format=csv").text().lines()).hasSize(2501);
    assertThat(get("/api/v1/jobs?limit=1").path("jobs").path(0).path("id"))
        .isEqualTo(job.path("id"));
  }

  @Test
  void aProgramIsCancelledAndItsApplicationIsGone() throws Exception {
    Path program = Path.of("src/test/image/programs/waits.py");
    Http.Answer answer =
        gateway.post(
            "/api/v1/applications",
            new Multipart()
                .field("spec", "{\"name\": \"to be cancelled\"}")
                .file("file", "waits.py", Files.readAllBytes(program)));
    assertThat(answer.code()).as(answer.text()).isEqualTo(202);
    String id = SharedNode.json(answer.text()).path("id").asText();
    await("its output, while it runs")
        .atMost(Duration.ofMinutes(3))
        .until(() -> gateway.get("/api/v1/jobs/" + id + "/log").text().contains("begun"));
    assertThat(get("/api/v1/cluster").path("applications").toString()).contains("waits.py");
    assertThat(gateway.postJson("/api/v1/jobs/" + id + "/cancel", "{}").code()).isEqualTo(202);
    JsonNode end = awaitState(id, "cancelled");
    assertThat(end.path("reason").asText()).isEqualTo("cancelled by local");
    await("the cluster without it")
        .atMost(Duration.ofMinutes(1))
        .until(() -> !get("/api/v1/cluster").path("applications").toString().contains("waits.py"));
  }

  @Test
  void theClusterAndItsTablesAreTold() {
    JsonNode cluster = get("/api/v1/cluster");
    assertThat(cluster.path("leader").asText())
        .isEqualTo(node.container().shell("hostname -i").strip());
    // Those that other tests killed are told for a while, as dead.
    assertThat(cluster.path("workers").valueStream())
        .filteredOn(worker -> worker.path("state").asText().equals("alive"))
        .hasSize(1);
    assertThat(cluster.path("cores").asInt()).isPositive();
    await("a sample of its use")
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              JsonNode samples = get("/api/v1/cluster/usage").path("samples");
              // The first ones were seen before the worker was there.
              return samples.path(samples.size() - 1).path("cores").asInt()
                  == cluster.path("cores").asInt();
            });
    gateway.query("create table if not exists told (id int comment 'why') using parquet", "a=1");
    assertThat(get("/api/v1/catalogs/spark_catalog/schemas/default/tables").toString())
        .contains("{\"name\":\"told\",\"kind\":\"table\"}");
    assertThat(get("/api/v1/catalogs/spark_catalog/schemas/default/tables/told").toString())
        .contains("{\"name\":\"id\",\"type\":\"int\",\"comment\":\"why\"}");
    gateway.query("drop table told", "a=1");
  }

  @Test
  void thePageIsServedWithAllItsFiles() {
    String page = gateway.get("/ui").text();
    var file = Pattern.compile("/ui/assets/[A-Za-z0-9._-]+\\.js").matcher(page);
    assertThat(file.find()).as(page).isTrue();
    assertThat(gateway.get(file.group()).code()).isEqualTo(200);
  }

  @Test
  void whatChangesSomethingIsInTheAuditLog() {
    String id = GatewayClient.jobId(gateway.sendQuery("select 1", Map.of()));
    gateway.awaitEnd(id);
    String log = node.container().shell("cat /var/lib/spark-appliance/logs/audit.log");
    assertThat(log.lines().filter(line -> line.contains(id)))
        .hasSize(1)
        .first()
        .satisfies(
            line ->
                assertThat(SharedNode.json(line).path("what").asText())
                    .isEqualTo("POST /send_query"));
    assertThat(log).doesNotContain(node.token());
  }
}
