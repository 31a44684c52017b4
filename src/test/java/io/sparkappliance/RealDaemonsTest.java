package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.aws.FakeSecrets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole node on this machine, started once: from the launcher to a query and to its end. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RealDaemonsTest {
  private static final Duration LONG = Duration.ofMinutes(3);
  private static final String TOKEN = "the-api-token-0123456789";
  private static final String CLUSTER_SECRET = "the-cluster-secret-0123456789";
  private static final String ACCESS_KEY = "the-access-key-0123456789";
  private static final List<String> SECRETS = List.of(TOKEN, CLUSTER_SECRET, ACCESS_KEY);
  private static final String THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2";

  @TempDir static Path directory;

  private static RealNode node;
  private static FakeSecrets aws;

  @BeforeAll
  static void start() throws Exception {
    node =
        new RealNode(directory)
            .set("START_MASTER", "true")
            .set("START_WORKER", "true")
            .set("START_HISTORYSERVER", "true")
            .set("START_THRIFTSERVER", "true")
            .set("START_CONNECT", "true")
            .set("API_TOKEN", "ssm:/spark/token")
            .set("SPARK_RPC_AUTHENTICATION_SECRET", "secretsmanager:spark#cluster");
    aws =
        new FakeSecrets()
            .parameter("/spark/token", TOKEN)
            .secret("spark", "{\"cluster\": \"" + CLUSTER_SECRET + "\"}");
    aws.environment().forEach(node::set);
    node.set("AWS_SECRET_ACCESS_KEY", ACCESS_KEY).start();
    awaitReady();
  }

  @AfterAll
  static void leaveNothingBehind() {
    aws.close();
    try (Stream<ProcessHandle> tree = node.process().descendants()) {
      List<ProcessHandle> left = tree.toList();
      node.process().destroyForcibly();
      left.forEach(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  @Order(1)
  void everyRoleIsReadyAndTheirAddressesAreTold() throws Exception {
    for (String role : List.of("master", "worker", "historyserver", "thriftserver", "connect")) {
      assertThat(node.role(role).path("state").asText()).as(role).isEqualTo("ready");
      assertThat(node.role(role).path("restarts").asInt()).as(role).isZero();
    }
    assertThat(node.output())
        .contains("appliance | ready")
        .contains("jdbc:hive2://localhost:" + node.port("THRIFT_PORT") + "/")
        .contains("sc://localhost:" + node.port("CONNECT_PORT") + "/");
  }

  @Test
  @Order(2)
  void onlyTheTokenOpensTheThriftServer() throws Exception {
    assertThat(node.query("select 6 * 7", TOKEN)).isEqualTo("42");
    assertThatThrownBy(() -> node.query("select 1", "guessed")).isInstanceOf(SQLException.class);
  }

  @Test
  @Order(3)
  void noProcessCarriesASecretOnItsCommandLineOrInItsEnvironment() {
    List<ProcessHandle> processes;
    try (Stream<ProcessHandle> tree = node.process().descendants()) {
      processes = tree.toList();
    }
    assertThat(processes).hasSizeGreaterThanOrEqualTo(4);
    for (ProcessHandle process : processes) {
      // Spark itself hands an executor the cluster secret in its environment: only SQL drivers'
      // environments can be read by SQL.
      boolean executor =
          RealNode.commandLine(process).stream().anyMatch(part -> part.contains("Executor"));
      assertNoSecret("command line", RealNode.commandLine(process).toString());
      if (!executor) {
        assertNoSecret("environment", RealNode.environmentOf(process).toString());
      }
    }
    assertThat(RealNode.environmentOf(node.daemon(THRIFT).orElseThrow())).isNotEmpty();
  }

  @Test
  @Order(4)
  void functionsOfHiveAreRegisteredWhenASessionNeedsThem() throws Exception {
    String names =
        "select reflect('org.apache.hadoop.hive.ql.exec.FunctionRegistry', 'getFunctionNames')";
    assertThat(node.query(names, TOKEN)).contains("concat_ws").contains("get_splits");
  }

  @ParameterizedTest
  @Order(4)
  @ValueSource(strings = {"API_TOKEN", "SPARK_RPC_AUTHENTICATION_SECRET"})
  void sqlKnowsNoSuchVariable(String name) throws Exception {
    // Not even the reference by which it was given: the text stays as it is.
    assertThat(node.query("select '${env:" + name + "}'", TOKEN)).isEqualTo("${env:" + name + "}");
    assertThat(node.query("select reflect('java.lang.System','getenv','" + name + "')", TOKEN))
        .isEqualTo("null");
  }

  @ParameterizedTest
  @Order(4)
  @ValueSource(
      strings = {
        "select '${env:AWS_SECRET_ACCESS_KEY}'",
        "select reflect('java.lang.System','getenv','_SPARK_AUTH_SECRET')",
        "select reflect('java.lang.System','getenv')",
        "select reflect('java.lang.System','getProperties')"
      })
  void sqlCanNotReadSecrets(String sql) throws Exception {
    String answer;
    try {
      answer = node.query(sql, TOKEN);
    } catch (SQLException refused) {
      answer = String.valueOf(refused.getMessage());
      assertThat(answer).as("refused by Spark, not by a server that is away").contains("SQLSTATE");
    }
    assertNoSecret(sql, answer);
  }

  @ParameterizedTest
  @Order(5)
  @CsvSource({
    "historyserver, org.apache.spark.deploy.history.HistoryServer",
    "worker, org.apache.spark.deploy.worker.Worker",
    "master, io.sparkappliance.spark.StandaloneMaster",
    "thriftserver, " + THRIFT
  })
  void aKilledDaemonComesBackAndTheNextQueryWorks(String role, String mainClass) throws Exception {
    ProcessHandle first = node.daemon(mainClass).orElseThrow();
    first.destroyForcibly();
    await(role + " is started again")
        .atMost(LONG)
        .until(() -> node.role(role).path("restarts").asInt() == 1);
    awaitReady();

    assertThat(node.daemon(mainClass)).isPresent().isNotEqualTo(first);
    assertThat(node.role(role).path("last_failure").asText())
        .isEqualTo("it ended with exit code 137 (signal 9)");
    assertThat(node.query("select sum(id) from range(101)", TOKEN)).isEqualTo("5050");
  }

  @Test
  @Order(6)
  void theSignalToStopLeavesNothingBehind() throws Exception {
    List<ProcessHandle> tree;
    try (Stream<ProcessHandle> running = node.process().descendants()) {
      tree = running.toList();
    }
    node.process().destroy();

    assertThat(node.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(node.process().exitValue()).isEqualTo(143);
    await().until(() -> tree.stream().noneMatch(ProcessHandle::isAlive));
    String output = node.output();
    assertThat(output).contains("appliance | stopping").doesNotContain("did not stop within");
    assertThat(output.lines()).allMatch(line -> line.matches("[a-z]+ \\| .*"));
    SECRETS.forEach(secret -> assertThat(output).doesNotContain(secret));
  }

  private static void awaitReady() throws Exception {
    try {
      await("the node is ready")
          .atMost(LONG)
          .until(() -> node.isReady() || !node.process().isAlive());
    } finally {
      if (!node.isReady()) {
        System.err.println(node.output());
      }
    }
    assertThat(node.process().isAlive()).isTrue();
  }

  private static void assertNoSecret(String where, String text) {
    for (String secret : SECRETS) {
      assertThat(text.contains(secret)).as("%s shows a secret", where).isFalse();
    }
  }
}
