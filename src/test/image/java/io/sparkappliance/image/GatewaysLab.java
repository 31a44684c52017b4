package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A network with a cluster, PostgreSQL, and gateways that share what they know of jobs there. */
final class GatewaysLab {
  static final Duration DEADLINE = Duration.ofMinutes(4);
  private static final String TOKEN = "token-of-these-gateways";

  private final String network;
  private final Path secret = Lab.file("secret", "secret-of-these-gateways\n");
  private final Path token = Lab.file("token", TOKEN + "\n");
  private final Path password = Lab.file("password", "hive-secret\n");

  GatewaysLab(String name) {
    this.network = Lab.network(name);
  }

  String network() {
    return network;
  }

  /** Starts PostgreSQL, and waits until it answers. */
  void startDatabase() {
    Container database =
        Container.of(Lab.serviceImage("postgresql"))
            .network(network, "postgresql")
            .start("database");
    await("PostgreSQL answers")
        .atMost(DEADLINE)
        .until(
            () ->
                database
                        .exec("pg_isready", "--host", "127.0.0.1", "--dbname", "metastore")
                        .exitCode()
                    == 0);
  }

  /** The cluster on one node. */
  Container.Plan cluster() {
    return member("cluster")
        .roles("MASTER", "WORKER", "THRIFTSERVER")
        .env("SPARK_WORKER_CORES", "4")
        .env("DEFAULT_CORES", "2")
        .env("EXECUTOR_MEMORY", "512m")
        .env("DRIVER_MEMORY", "768m")
        .option("--memory", "4g");
  }

  private Container.Plan member(String name) {
    return Container.of(Lab.SLIM)
        .network(network, name)
        .mount(secret, "/run/secrets/cluster")
        .mount(token, "/run/secrets/token")
        .env("SPARK_RPC_AUTHENTICATION_SECRET_FILE", "/run/secrets/cluster")
        .env("API_TOKEN_FILE", "/run/secrets/token");
  }

  /**
   * A gateway on a node of its own; what is missing is its port, if it is asked from here, and what
   * leads to its jobs' folder.
   *
   * @param folder its {@code JOBS_DIR}
   */
  Container.Plan gateway(String name, String folder) {
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
        .env("JOBS_DIR", folder);
  }

  /** Waits for a gateway that publishes its port 8000. */
  GatewayClient awaitReady(Container gateway) {
    return new GatewayClient(gateway.awaitReady(DEADLINE), Optional.of(TOKEN));
  }

  /** The JSON of an answer that has to have a status. */
  static JsonNode json(Http.Answer answer, int code) {
    assertThat(answer.code()).as(answer.text()).isEqualTo(code);
    return SharedNode.json(answer.text());
  }

  static JsonNode awaitState(GatewayClient gateway, String id, String state) {
    return await("job " + id + " " + state)
        .atMost(DEADLINE)
        .until(
            () -> json(gateway.get("/api/v1/jobs/" + id), 200),
            job -> job.path("state").asText().equals(state));
  }

  /** Submits a program in Python; the job's id. */
  static String submit(GatewayClient gateway, String name, String program) {
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

  /** A program that prints {@code begun 10} and runs until it is ended. */
  static String waits() throws IOException {
    return Files.readString(Path.of("src/test/image/programs/waits.py"));
  }
}
