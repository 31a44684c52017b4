package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two gateways with one PostgreSQL database and one folder, in front of one cluster. */
@ExtendWith(LabExtension.class)
final class SeveralGatewaysIT {
  private static final String TOKEN = "token-of-these-gateways";
  private static final Duration DEADLINE = Duration.ofMinutes(4);
  private static String network;
  private static Path secret;
  private static Path token;
  private static Path password;
  private static Path shared;
  private static Container firstNode;
  private static GatewayClient first;
  private static GatewayClient second;

  @BeforeAll
  static void start() throws IOException {
    network = Lab.network("gateways");
    secret = Lab.file("secret", "secret-of-these-gateways\n");
    token = Lab.file("token", TOKEN + "\n");
    password = Lab.file("password", "hive-secret\n");
    shared = Lab.directory("jobs-of-" + network);
    // Whoever the containers run as.
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
    Container database =
        Container.of(Lab.serviceImage("postgresql"))
            .network(network, "postgresql")
            .start("database");
    Container cluster =
        member("cluster")
            .roles("MASTER", "WORKER", "THRIFTSERVER")
            .env("SPARK_WORKER_CORES", "4")
            .env("DEFAULT_CORES", "2")
            .env("EXECUTOR_MEMORY", "512m")
            .env("DRIVER_MEMORY", "768m")
            .option("--memory", "4g")
            .start("cluster");
    await("PostgreSQL answers")
        .atMost(DEADLINE)
        .until(
            () ->
                database
                        .exec("pg_isready", "--host", "127.0.0.1", "--dbname", "metastore")
                        .exitCode()
                    == 0);
    firstNode = gateway("first", "/jobs").publish(8000).start("first");
    Container secondNode = gateway("second", "/jobs").publish(8000).start("second");
    cluster.awaitReady(DEADLINE);
    first = new GatewayClient(firstNode.awaitReady(DEADLINE), Optional.of(TOKEN));
    second = new GatewayClient(secondNode.awaitReady(DEADLINE), Optional.of(TOKEN));
  }

  @AfterAll
  static void remove() {
    Lab.removeContainersOf(network);
  }

  private static Container.Plan member(String name) {
    return Container.of(Lab.SLIM)
        .network(network, name)
        .mount(secret, "/run/secrets/cluster")
        .mount(token, "/run/secrets/token")
        .env("SPARK_RPC_AUTHENTICATION_SECRET_FILE", "/run/secrets/cluster")
        .env("API_TOKEN_FILE", "/run/secrets/token");
  }

  private static Container.Plan gateway(String name, String folder) {
    return member(name)
        .roles("WEBAPP")
        .env("MASTER_STACK_NAME", "spark://cluster:7077")
        .env("THRIFT_SERVER", "cluster:10000")
        .env("EXECUTOR_MEMORY", "512m")
        .env("DRIVER_MEMORY", "512m")
        .env("MAX_CONCURRENT_APPLICATIONS", "1")
        .option("--memory", "2g")
        .mount(password, "/run/secrets/database")
        .env("JOBS_DATABASE", "jdbc:postgresql://postgresql:5432/metastore")
        .env("JOBS_DATABASE_USER", "hive")
        .env("JOBS_DATABASE_PASSWORD_FILE", "/run/secrets/database")
        .option("--volume", shared.toAbsolutePath() + ":/jobs")
        .env("JOBS_DIR", folder);
  }

  private static JsonNode json(Http.Answer answer, int code) {
    assertThat(answer.code()).as(answer.text()).isEqualTo(code);
    return SharedNode.json(answer.text());
  }

  private static JsonNode awaitState(GatewayClient gateway, String id, String state) {
    return await("job " + id + " " + state)
        .atMost(DEADLINE)
        .until(
            () -> json(gateway.get("/api/v1/jobs/" + id), 200),
            job -> job.path("state").asText().equals(state));
  }

  private static String submit(GatewayClient gateway, String name, String program) {
    return json(
            gateway.post(
                "/api/v1/applications",
                new Multipart()
                    .field("spec", "{\"name\": \"" + name + "\"}")
                    .file("file", name + ".py", program.getBytes(UTF_8))),
            202)
        .path("id")
        .asText();
  }

  private static String waits() throws IOException {
    return Files.readString(Path.of("src/test/image/programs/waits.py"));
  }

  @Test
  void anyGatewayAnswersForAnyJob() throws Exception {
    String query =
        json(
                first.postJson(
                    "/api/v1/queries?wait=120",
                    "{\"sql\": \"select id from range(0, 500, 1, 1)\"}"),
                200)
            .path("id")
            .asText();
    String results = "/api/v1/jobs/" + query + "/results?format=csv";
    assertThat(second.get(results).text()).hasLineCount(501).isEqualTo(first.get(results).text());
    assertThat(json(second.get("/api/v1/jobs?kind=sql"), 200).toString()).contains(query);

    String program = submit(first, "shown", waits());
    await("its output at the other gateway, while it runs")
        .atMost(DEADLINE)
        .until(() -> second.get("/api/v1/jobs/" + program + "/log").text().contains("begun 10"));
    assertThat(json(second.postJson("/api/v1/jobs/" + program + "/cancel", "{}"), 202).toString())
        .contains(program);
    awaitState(second, program, "cancelled");
    assertThat(awaitState(first, program, "cancelled").path("node").asText()).isEqualTo("first");
  }

  @Test
  void theJobsOfAGatewayThatWasKilledGoOnAtTheOther() throws Exception {
    String statement =
        json(
                first.postJson(
                    "/api/v1/queries",
                    "{\"sql\": \"select count(*) from range(0, 1000000000000, 1, 2) where sqrt(id) = rand()\"}"),
                202)
            .path("id")
            .asText();
    String program = submit(first, "killed", waits());
    await("it runs")
        .atMost(DEADLINE)
        .until(() -> first.get("/api/v1/jobs/" + program + "/log").text().contains("begun 10"));
    String waiting = submit(first, "waiting", "print('ran')\n");
    awaitState(first, statement, "running");
    assertThat(json(second.get("/api/v1/jobs/" + waiting), 200).path("state").asText())
        .isEqualTo("queued");

    firstNode.kill();
    JsonNode taken = awaitState(second, waiting, "succeeded");
    assertThat(taken.path("node").asText()).isEqualTo("second");
    assertThat(taken.path("attempt").asInt()).isEqualTo(1);
    assertThat(second.get("/get_job_output/" + waiting).text()).isEqualTo("ran\n");
    for (String lost : new String[] {statement, program}) {
      assertThat(awaitState(second, lost, "lost").path("reason").asText())
          .isEqualTo("interrupted: the gateway of node first is gone");
    }

    firstNode.startAgain();
    firstNode.awaitReady(DEADLINE);
    assertThat(json(first.get("/api/v1/jobs/" + waiting), 200)).isEqualTo(taken);
  }

  @Test
  void aFolderThatIsNotSharedIsRefused() {
    Docker.Output end =
        gateway("third", "/var/lib/spark-appliance/own").runToEnd(Duration.ofMinutes(1));
    assertThat(end.exitCode()).as(end.all()).isEqualTo(78);
    assertThat(end.all())
        .contains("JOBS_DIR")
        .contains("is not the folder that the other gateways of JOBS_DATABASE use")
        .doesNotContain("hive-secret");
  }
}
