package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.Gate;
import io.sparkappliance.testing.LogBucket;
import io.sparkappliance.testing.PostgreSql;
import io.sparkappliance.testing.S3MockServer;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Gateways as processes, started as operators start them, whose jobs are in S3. */
@ExtendWith(ThriftServerProcess.Shared.class)
class JobsInS3Test {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<String> FORMATS =
      List.of("text", "csv", "tsv", "json", "jsonl", "arrow", "parquet");

  @TempDir private Path directory;

  @Test
  void what_one_gateway_does_the_other_shows(ThriftServerProcess thrift) throws Exception {
    Path sparkHome = FakeSpark.create(directory.resolve("spark"));
    Files.createSymbolicLink(sparkHome.resolve("jars"), SparkDistribution.home().resolve("jars"));
    try (PostgreSql database = PostgreSql.start(directory.resolve("database"));
        S3MockServer s3 = S3MockServer.start("jobs", directory.resolve("s3"));
        Gate gate = new Gate(s3.endpoint())) {
      gate.open();
      Map<String, String> variables =
          new HashMap<>(RunningGateway.sharing(database.database(), directory.resolve("not used")));
      variables.putAll(LogBucket.environment(gate.endpoint()));
      variables.put("JOBS_DIR", "s3a://jobs/of/gateways/");
      variables.put("THRIFT_SERVER", thrift.address().toString());
      try (RunningGateway a = gateway("a", sparkHome, variables);
          RunningGateway b = gateway("b", sparkHome, variables)) {
        try {
          showsResults(a, b);
          showsPrograms(a, b);
          saysThatS3IsAway(a, gate);
        } finally {
          Files.createFile(directory.resolve("over"));
        }
      }
    }
  }

  /** With the options that results as Arrow need. */
  private RunningGateway gateway(String name, Path sparkHome, Map<String, String> variables)
      throws IOException {
    return new RunningGateway(
        directory.resolve(name),
        sparkHome,
        variables,
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow");
  }

  private void showsResults(RunningGateway a, RunningGateway b) throws IOException {
    String id = a.query("rows", "select id, repeat('x', 50) as x from range(0, 3000, 1, 1)");
    awaitState(b, id, "succeeded");
    for (RunningGateway gateway : List.of(a, b)) {
      for (int offset : List.of(0, 999, 1000, 2995)) {
        String page = "/api/v1/jobs/%s/results?offset=%d&limit=5".formatted(id, offset);
        JsonNode rows = RunningGateway.json(gateway.get(page)).path("rows");
        assertThat(rows).hasSize(5);
        assertThat(rows.path(0).path(0).asInt()).isEqualTo(offset);
      }
      assertThat(gateway.get("/api/v1/jobs/" + id + "/input").body()).startsWith("select id");
      assertThat(gateway.get("/get_job_output/" + id).body()).contains("| 2999 ");
    }
    for (String format : FORMATS) {
      String all = "/api/v1/jobs/" + id + "/results?format=" + format;
      HttpResponse<String> first = a.get(all);
      assertThat(first.statusCode()).as(format).isEqualTo(200);
      String second = b.get(all).body();
      if (format.equals("parquet")) {
        // Its footer lists the encodings of a column in an order that each process chooses.
        assertThat(second).as(format).hasSameSizeAs(first.body());
      } else {
        assertThat(second).as(format).isEqualTo(first.body());
      }
    }
  }

  private void showsPrograms(RunningGateway a, RunningGateway b) throws IOException {
    Path over = directory.resolve("over");
    String id =
        a.program("live", "echo begun; until [ -e '" + over + "' ]; do sleep 0.05; done; echo no");
    String log = "/api/v1/jobs/" + id + "/log?stream=output";
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(b.get(log).body()).isEqualTo("begun\n"));
    assertThat(b.get(log).headers().firstValue("X-Log-Complete")).contains("false");
    assertThat(
            b.send(
                    b.request("/api/v1/jobs/" + id + "/cancel")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString("{}")))
                .statusCode())
        .isEqualTo(202);
    awaitState(b, id, "cancelled");
    HttpResponse<String> events = b.send(b.request(log).header("Accept", "text/event-stream"));
    assertThat(events.body()).contains("data: begun").contains("event: end\ndata: cancelled");
  }

  private static void saysThatS3IsAway(RunningGateway a, Gate gate) throws IOException {
    gate.shut();
    HttpResponse<String> refused =
        a.send(
            new GatewayFixture.Form()
                .file("program.py", "echo no")
                .in(a.request("/api/v1/applications")));
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.headers().firstValue("Retry-After")).contains("10");
    assertThat(refused.body()).contains("the place where jobs' files are does not answer");
    gate.open();
    awaitState(a, a.program("yes", "echo yes"), "succeeded");
  }

  private static void awaitState(RunningGateway gateway, String id, String state) {
    Awaitility.await("job %s at %s, for %s".formatted(id, gateway.root(), state))
        .atMost(PATIENCE)
        .until(() -> gateway.job(id).path("state").asText(), state::equals);
  }
}
