package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Daemons that die come back; a node that is stopped stops in order and keeps what it has. */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class SupervisionIT {
  private static SharedNode node;

  @BeforeAll
  static void load() {
    node = SharedNode.get().withFlights();
  }

  @ParameterizedTest
  @CsvSource({
    "master, io.sparkappliance.spark.StandaloneMaster",
    "worker, org.apache.spark.deploy.worker.Worker",
    "thriftserver, org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
    "historyserver, org.apache.spark.deploy.history.HistoryServer",
    "gateway, io.sparkappliance.Main gateway",
    "notebook, jupyter-lab|jupyter lab|jupyterlab"
  })
  void aKilledDaemonComesBackAndTheNextQueryWorks(String role, String commandLine) {
    Pattern pattern = Pattern.compile(commandLine);
    String process = find(pattern).orElseThrow();
    double restarts = restarts(role);
    node.container().shell("kill -9 " + process);
    await("another process of " + role)
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> find(pattern).filter(other -> !other.equals(process)).isPresent());
    node.awaitReady();
    assertThat(node.gateway().query("select count(*) as flights from flights", ""))
        .contains("| " + Flights.COUNT + " ");
    assertThat(HostPython.ok("connect_sum.py", node.connectAddress())).isEqualTo("499500\n");
    assertThat(restarts(role)).isEqualTo(restarts + 1);
    assertNoZombies();
  }

  @Test
  void aGatewayThatDiesLosesNoJob() {
    GatewayClient gateway = node.gateway();
    String finished = GatewayClient.jobId(gateway.sendQuery("select 42 as answer", Map.of()));
    String output = gateway.output(finished);
    String running =
        GatewayClient.jobId(
            gateway.submit(
                "wait.py",
                """
                import os, time
                print('begun')
                while not os.path.exists('/tmp/go'): time.sleep(0.1)
                """
                    .getBytes(UTF_8),
                Map.of()));
    await("the application runs")
        .atMost(Duration.ofMinutes(1))
        .until(() -> find(Pattern.compile("python3 .*application.py")).isPresent());
    node.container()
        .shell("kill -9 " + find(Pattern.compile("io.sparkappliance.Main gateway")).orElseThrow());
    await("the gateway is back")
        .atMost(Duration.ofMinutes(1))
        .ignoreExceptions()
        .until(() -> gateway.get("/get_job_output/" + finished).text().equals(output));
    assertThat(gateway.get("/get_job_status/" + running).code()).isEqualTo(200);
    node.container().shell("touch /tmp/go");
    assertThat(gateway.output(running)).isEqualTo("begun\n");
  }

  @Test
  void stoppedAndStartedAgainItKeepsTablesJobsNotebooksAndTokens() {
    String token = node.token();
    String job = GatewayClient.jobId(node.gateway().sendQuery("select 7 as kept", Map.of()));
    String output = node.gateway().output(job);
    String notebook = SharedNode.DATA + "/notebooks/mine.ipynb";
    node.container().shell("echo mine >" + notebook);

    node.container().stop(60);
    assertThat(node.container().exitCode()).isEqualTo(143);

    String again = Instant.now().toString();
    node.container().startAgain();
    node.awaitReady();
    assertThat(node.token()).isEqualTo(token);
    assertThat(node.container().logs()).as("printed at the first start").contains(token);
    assertThat(node.container().logsSince(again)).as("not printed again").doesNotContain(token);
    assertThat(node.gateway().get("/get_job_output/" + job).text()).isEqualTo(output);
    assertThat(node.container().shell("cat " + notebook)).isEqualTo("mine");
    assertThat(node.gateway().query("select count(*) as flights from flights", ""))
        .contains("| " + Flights.COUNT + " ");
    assertThat(node.container().shell("wc -l <" + SharedNode.DATA + "/init-script-ran").strip())
        .as("runs of the initialisation script")
        .isEqualTo("2");
    assertNoZombies();
  }

  private static void assertNoZombies() {
    // A process that has just ended is a zombie for the moment its parent needs to notice.
    await("no zombies")
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () ->
                assertThat(node.container().shell("ps -eo stat,pid,ppid,args").lines())
                    .noneMatch(line -> line.startsWith("Z")));
  }

  /** The process whose command line matches and whose parent's does not. */
  private static Optional<String> find(Pattern commandLine) {
    List<String[]> processes =
        node.container()
            .shell("ps -ww -eo pid=,ppid=,args=")
            .lines()
            .map(line -> line.strip().split("\\s+", 3))
            .filter(words -> commandLine.matcher(words[2]).find())
            .filter(words -> !words[2].startsWith("sh ") && !words[2].startsWith("ps "))
            .toList();
    return processes.stream()
        .filter(one -> processes.stream().noneMatch(other -> other[0].equals(one[1])))
        .map(words -> words[0])
        .findFirst();
  }

  private static double restarts(String role) {
    return Http.get(node.container().http(8090, "/metrics"))
        .text()
        .lines()
        .filter(line -> line.contains("restarts") && line.contains("\"" + role + "\""))
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .mapToDouble(Double::parseDouble)
        .findFirst()
        .orElseThrow(() -> new AssertionError("/metrics has no restarts of " + role));
  }
}
