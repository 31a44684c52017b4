package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Each role in a container of its own, one secret shared by file, and programs run against them.
 */
@ExtendWith(LabExtension.class)
final class ClusterIT {
  private static final String TOKEN = "token-of-this-cluster";
  private static final Duration DEADLINE = Duration.ofMinutes(6);
  private static String network;
  private static Path secret;
  private static Path token;
  private static Container worker;
  private static Container master;
  private static Container sql;
  private static GatewayClient gateway;

  @BeforeAll
  static void start() {
    network = Lab.network("cluster");
    secret = Lab.file("secret", "secret-of-this-cluster\n");
    token = Lab.file("token", TOKEN + "\n");
    // The worker comes first and has to wait: nobody promises an order of nodes.
    worker =
        member(Lab.SLIM, "worker")
            .roles("WORKER")
            .env("MASTER_STACK_NAME", "spark://master:7077")
            .env("EXECUTOR_MEMORY", "512m")
            .env("SPARK_WORKER_CORES", "4")
            .env("SPARK_WORKER_MEMORY", "2g")
            .env("SPARK_WORKER_PORT", "7600")
            .start("worker");
    master =
        member(Lab.SLIM, "master")
            .env("SPARK_MODE", "master")
            .env("DEFAULT_CORES", "2")
            .publish(8080)
            .start("master");
    sql =
        member(Lab.SLIM, "sql")
            .roles("THRIFTSERVER", "CONNECT")
            .env("SPARK_MASTER_URL", "spark://master:7077")
            .env("EXECUTOR_MEMORY", "512m")
            .env("DRIVER_MEMORY", "768m")
            .env("SPARK_CONF_spark_dynamicAllocation_executorIdleTimeout", "10s")
            .publish(15002)
            .start("sql");
    Container gatewayNode =
        member(Lab.SLIM, "gateway")
            .roles("WEBAPP")
            .env("MASTER_STACK_NAME", "spark://master:7077")
            .env("EXECUTOR_MEMORY", "512m")
            .env("DRIVER_MEMORY", "512m")
            .env("THRIFT_SERVER", "sql:10000")
            .publish(8000)
            .start("gateway");
    master.awaitReady(DEADLINE);
    worker.awaitReady(DEADLINE);
    sql.awaitReady(DEADLINE);
    gateway = new GatewayClient(gatewayNode.awaitReady(DEADLINE), Optional.of(TOKEN));
  }

  @AfterAll
  static void remove() {
    Lab.removeContainersOf(network);
  }

  private static Container.Plan member(String image, String name) {
    return Container.of(image)
        .network(network, name)
        .option("--memory", "3g")
        .mount(secret, "/run/secrets/cluster")
        .mount(token, "/run/secrets/token")
        .env("SPARK_RPC_AUTHENTICATION_SECRET_FILE", "/run/secrets/cluster")
        .env("API_TOKEN_FILE", "/run/secrets/token");
  }

  /** A program run by hand, with the cluster's configuration. */
  private static Docker.Output program(String... command) {
    return member(Lab.SLIM, "client-" + Lab.unique("").hashCode())
        .env("MASTER_STACK_NAME", "spark://master:7077")
        .env("EXECUTOR_MEMORY", "512m")
        .env("DRIVER_MEMORY", "512m")
        .mount(Path.of("src/test/image/programs"), "/programs")
        .command(command)
        .runToEnd(DEADLINE);
  }

  @Test
  void theWorkerThatCameFirstIsAliveAtTheMaster() {
    assertThat(SharedNode.json(Http.get(master.http(8080, "/json/")).text()).path("workers"))
        .hasSize(1)
        .allSatisfy(
            one -> {
              assertThat(one.path("state").asText()).isEqualTo("ALIVE");
              assertThat(one.path("port").asInt()).isEqualTo(7600);
            });
  }

  @Test
  void aGatewayOfItsOwnRunsSqlOnTheCluster() {
    assertThat(gateway.query("select sum(id) as total from range(1000)", "")).contains("| 499500 ");
    assertThat(gateway.get("/get_master_uri").text()).isEqualTo("spark://master:7077");
    assertThat(gateway.get("/get_thrift_server_uri").text()).isEqualTo("jdbc:hive2://sql:10000/");
  }

  @Test
  void connectWithoutAThriftServerIsServedAndComesBack() {
    Container connect =
        member(Lab.SLIM, "connect")
            .env("SPARK_MODE", "connect")
            .env("SPARK_MASTER_URL", "spark://master:7077")
            .env("EXECUTOR_MEMORY", "512m")
            .env("DRIVER_MEMORY", "768m")
            .env("SPARK_CONF_spark_dynamicAllocation_executorIdleTimeout", "10s")
            .env("SPARK_PUBLIC_DNS", "127.0.0.1")
            .publish(8090, 15002)
            .start("connect")
            .awaitReady(DEADLINE);
    String told = "sc://127.0.0.1:15002/;authorization=Bearer%20TOKEN";
    assertThat(connect.logs()).contains(told).doesNotContain("jdbc:hive2");
    String address =
        told.replace("15002", String.valueOf(connect.port(15002))).replace("20TOKEN", "20" + TOKEN);
    assertThat(HostPython.ok("connect_sum.py", address)).isEqualTo("499500\n");
    int restarts = restarts(connect);
    connect.shell("pkill -KILL -f [S]parkConnectServer");
    await("Connect is served anew")
        .atMost(DEADLINE)
        .until(
            () -> restarts(connect) == restarts + 1 && connectOf(connect, "state").equals("ready"));
    assertThat(HostPython.ok("connect_sum.py", address)).isEqualTo("499500\n");
    connect.remove();
  }

  private static int restarts(Container node) {
    return Integer.parseInt(connectOf(node, "restarts"));
  }

  private static String connectOf(Container node, String what) {
    String ready = Http.get(node.http(8090, "/readyz")).text();
    return SharedNode.json(ready).path("roles").path("connect").path(what).asText();
  }

  @Test
  void aGatewayOfItsOwnRunsApplicationsOnTheCluster() {
    String code =
        """
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        print(spark.sparkContext.master, spark.range(1000).selectExpr("sum(id)").first()[0])
        import socket
        hosts = spark.sparkContext.parallelize(range(2), 2).map(lambda _: socket.gethostname())
        print(set(hosts.collect()))
        """;
    String job = GatewayClient.jobId(gateway.submit("sum.py", code.getBytes(UTF_8), Map.of()));
    assertThat(gateway.output(job)).isEqualTo("spark://master:7077 499500\n{'worker'}\n");
  }

  @Test
  void aGatewayWithoutRSaysWhatRunsProgramsInR() {
    Http.Answer answer = gateway.submit("program.R", "1".getBytes(UTF_8), Map.of());
    assertThat(answer.code()).as(answer.text()).isEqualTo(400);
    assertThat(answer.text()).contains("the full image");
  }

  @Test
  void anUploadMayBeLargerThanTheGatewaysMemory() throws IOException {
    Path program = Lab.file("large.py", "print('arrived')\n");
    String comment = "#" + "x".repeat(65_534) + "\n";
    try (BufferedWriter writer = Files.newBufferedWriter(program, StandardOpenOption.APPEND)) {
      for (int i = 0; i < 6_000; i++) {
        writer.write(comment);
      }
    }
    Http.Answer accepted;
    try {
      accepted = gateway.post("/submit_application", new Multipart().file("file", program));
    } finally {
      Files.delete(program);
    }
    assertThat(gateway.output(GatewayClient.jobId(accepted))).isEqualTo("arrived\n");
  }

  @Test
  void connectAnswersOnANodeWithoutAMaster() {
    Docker.Output output =
        HostPython.run("connect_sum.py", "sc://localhost:" + sql.port(15002) + "/;token=" + TOKEN);
    assertThat(output.out()).as(output.all()).isEqualTo("499500\n");
    Docker.Output refused =
        HostPython.run("connect_sum.py", "sc://localhost:" + sql.port(15002) + "/;token=wrong");
    assertThat(refused.exitCode()).as(refused.all()).isNotZero();
  }

  @Test
  void sparkSubmitAfterTheImagesNameRunsOnTheCluster() {
    Docker.Output output = program("spark-submit", "/programs/sum.py");
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out()).contains("spark://master:7077 499500");
  }

  @Test
  void pysparkAfterTheImagesNameRunsOnTheCluster() {
    // Python makes the session at its start only when somebody sits there, which -i pretends.
    Docker.Output output =
        program("bash", "-c", "PYSPARK_DRIVER_PYTHON_OPTS=-i pyspark </programs/sum_in_a_shell.py");
    assertThat(output.all()).contains("spark://master:7077 499500");
  }

  @Test
  void beelineAfterTheImagesNameLogsInWithTheToken() {
    Docker.Output output =
        program(
            "beeline",
            "-u",
            "jdbc:hive2://sql:10000/",
            "-n",
            "somebody",
            "-w",
            "/run/secrets/token",
            "-e",
            "select sum(id) as total from range(1000)");
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out()).contains("| 499500 ");
    Docker.Output refused =
        program(
            "beeline", "-u", "jdbc:hive2://sql:10000/", "-n", "x", "-p", "wrong", "-e", "select 1");
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.out()).doesNotContain("| 1 ");
  }

  @Test
  void aShellAfterTheImagesNameHasTheClustersConfiguration() {
    Docker.Output output =
        program(
            "bash",
            "-c",
            "cat $SPARK_CONF_DIR/spark-defaults.conf; echo; cat $SPARK_CONF_DIR/spark-env.sh | head -1; exit 7");
    assertThat(output.exitCode()).as(output.all()).isEqualTo(7);
    assertThat(output.out())
        .containsPattern("(?m)^spark\\.master[ =]+spark://master:7077$")
        .containsPattern("(?m)^spark\\.executor\\.memory[ =]+512m$");
  }

  @Test
  void whoLacksTheClusterSecretIsNotServed() {
    Container stranger =
        Container.of(Lab.SLIM)
            .network(network, "stranger")
            .env("MASTER_STACK_NAME", "spark://master:7077")
            .env("DRIVER_MEMORY", "512m")
            .mount(Path.of("src/test/image/programs"), "/programs")
            .command("spark-submit", "/programs/sum.py")
            .start("stranger");
    // It would try for a minute; the first refusal is enough.
    await("the master's refusal")
        .atMost(DEADLINE)
        .until(() -> stranger.logs().contains("Expected SaslMessage"));
    assertThat(stranger.logs()).doesNotContain("499500");
    stranger.remove();
  }

  @Test
  void sqlCanNotReadTheSecretsThatTheContainerWasGiven() {
    String output =
        gateway.query(
            "select '${env:API_TOKEN_FILE}' as a, '${env:SPARK_RPC_AUTHENTICATION_SECRET}' as b,"
                + " reflect('java.lang.System','getenv','API_TOKEN_FILE') as c,"
                + " reflect('java.lang.System','getenv','_SPARK_AUTH_SECRET') as d",
            "");
    assertThat(output)
        .contains("| ${env:API_TOKEN_FILE} ", "${env:SPARK_RPC_AUTHENTICATION_SECRET}", "| null ")
        .doesNotContain(TOKEN, "secret-of-this-cluster", "/run/secrets");
  }

  @Test
  void workersOutliveARestartOfTheirMaster() {
    master.stop(60);
    assertThat(master.exitCode()).isEqualTo(143);
    master.startAgain();
    master.awaitReady(DEADLINE);
    await("the worker is back at the master")
        .atMost(DEADLINE)
        .ignoreExceptions()
        .until(
            () ->
                SharedNode.json(Http.get(master.http(8080, "/json/")).text())
                        .path("aliveworkers")
                        .asInt()
                    == 1);
    assertThat(worker.running()).isTrue();
  }
}
