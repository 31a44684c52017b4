package io.sparkappliance.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.cluster.AbandonedSession;
import io.sparkappliance.cluster.MasterClient;
import io.sparkappliance.cluster.MasterStatus;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.testing.SparkProcess;
import io.sparkappliance.testing.ZooKeeperProcess;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.KeeperException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real masters and a real worker, elected and remembered by a real ZooKeeper. */
class ZooKeeperRecoveryTest {
  private static final String HOST = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final MasterClient masters = new MasterClient(HttpClient.newHttpClient());

  @TempDir Path directory;

  private ZooKeeperProcess zooKeeper;

  /** A master, and the port of its page. */
  private record Master(SparkProcess process, int port, int page) {}

  @BeforeEach
  void startZooKeeper() throws Exception {
    zooKeeper = closedLater(ZooKeeperProcess.start(directory));
  }

  @AfterEach
  void leaveNothingBehind() throws Exception {
    for (AutoCloseable one : toClose.reversed()) {
      one.close();
    }
  }

  @Test
  void theStandbyTakesOverFromAKilledLeaderWithItsWorker() throws Exception {
    Master first = leadingMaster();
    Master second = standbyMaster();
    worker(first, second);
    awaitStatus(first, ZooKeeperRecoveryTest::leadsAWorker);
    awaitPublished("/spark/leader_election/current_master", HOST);
    awaitPublished("/spark/current_leader", HOST + ":" + first.port);

    first.process.signal("KILL");

    awaitStatus(second, ZooKeeperRecoveryTest::leadsAWorker);
    awaitPublished("/spark/current_leader", HOST + ":" + second.port);
  }

  @Test
  void theSessionOfADeadLeaderCanBeEndedAtOnce() throws Exception {
    Path noted = directory.resolve("noted");
    Master first =
        master(
            Map.of(
                "spark.sparkappliance.zookeeper.sessionFile",
                noted.toString(),
                // As long as the server grants: nothing here waits for its end.
                "spark.sparkappliance.zookeeper.sessionTimeout",
                "10s"));
    awaitStatus(first, status -> status.state() == MasterStatus.State.ALIVE);
    awaitPublished("/spark/current_leader", HOST + ":" + first.port);
    first.process.signal("KILL");
    await().atMost(PATIENCE).until(() -> !first.process.isAlive());

    assertThat(AbandonedSession.end(whole(), noted, PATIENCE)).isTrue();
    assertThatThrownBy(() -> published("/spark/current_leader"))
        .isInstanceOf(KeeperException.NoNodeException.class);
    assertThat(AbandonedSession.end(whole(), noted, PATIENCE)).as("twice").isTrue();
    assertThat(AbandonedSession.end(whole(), directory.resolve("none"), PATIENCE)).isTrue();
  }

  @Test
  void aLeaderThatIsToldToEndHandsOver() throws Exception {
    Master first = leadingMaster();
    Master second = standbyMaster();

    first.process.signal("TERM");

    awaitStatus(second, status -> status.state() == MasterStatus.State.ALIVE);
    awaitPublished("/spark/current_leader", HOST + ":" + second.port);
    await().atMost(PATIENCE).until(() -> !first.process.isAlive());
  }

  @Test
  void aPausedLeaderEndsWhenItWakesAndActsNoMore() throws Exception {
    // Shorter than the pause: when it wakes, it has not heard of its worker for too long.
    Master first = master(Map.of("spark.worker.timeout", "2"));
    awaitStatus(first, status -> status.state() == MasterStatus.State.ALIVE);
    Master second = standbyMaster();
    worker(first, second);
    awaitStatus(first, ZooKeeperRecoveryTest::leadsAWorker);

    first.process.signal("STOP");
    awaitStatus(second, ZooKeeperRecoveryTest::leadsAWorker);
    first.process.signal("CONT");

    await().atMost(PATIENCE).until(() -> !first.process.isAlive());
    assertThat(first.process.exitCode()).isZero();
    assertThat(first.process.log()).doesNotContain("Removing worker");
    awaitPublished("/spark/current_leader", HOST + ":" + second.port);
  }

  @Test
  void whatStockSparkWroteIsTakenOver() throws Exception {
    Master stock = master(Map.of("spark.deploy.recoveryMode", "ZOOKEEPER"));
    awaitStatus(stock, status -> status.state() == MasterStatus.State.ALIVE);
    SparkProcess worker = worker(stock);
    awaitStatus(stock, ZooKeeperRecoveryTest::leadsAWorker);
    String known = status(stock).orElseThrow().workers().getFirst().id();
    // It does not answer its new master, and does not refuse to talk either.
    worker.signal("STOP");
    stock.process.signal("KILL");

    Master ours =
        master(
            Map.of(
                "spark.deploy.recoveryCompressionCodec", "zstd",
                "spark.deploy.recoveryTimeout", "30"));

    awaitStatus(ours, status -> status.state() == MasterStatus.State.RECOVERING);
    assertThat(status(ours).orElseThrow().workers())
        .extracting(MasterStatus.Worker::id)
        .containsExactly(known);
    registerInItsName(known, ours);
    assertThat(status(ours).orElseThrow().workers())
        .as("it is asked for its executors first")
        .noneMatch(MasterStatus.Worker::isAlive);
    worker.signal("CONT");
    awaitStatus(ours, ZooKeeperRecoveryTest::leadsAWorker);
  }

  /** As a worker does by itself that has lost its master. */
  private void registerInItsName(String worker, Master master) throws Exception {
    closedLater(
        SparkProcess.start(
            directory,
            "registration",
            Map.of(),
            RegistrationProgram.class.getName(),
            List.of(worker, Integer.toString(master.port))));
    await("its registration, which is not taken")
        .atMost(PATIENCE)
        .until(() -> master.process.log().contains("Passed over: RegisterWorker("));
  }

  @Test
  void aWorkerThatVanishedWithItsMasterHoldsNobodyUp() throws Exception {
    Master first = leadingMaster();
    Master second = master(Map.of("spark.deploy.recoveryTimeout", "600"));
    awaitStatus(second, status -> status.state() == MasterStatus.State.STANDBY);
    SparkProcess vanishes = worker(first, second);
    awaitStatus(first, ZooKeeperRecoveryTest::leadsAWorker);

    // In this order: a master that loses its worker forgets it.
    first.process.signal("KILL");
    vanishes.signal("KILL");

    awaitStatus(second, status -> status.state() == MasterStatus.State.ALIVE);
    assertThat(status(second).orElseThrow().workers()).isEmpty();
  }

  @Test
  void anApplicationThatWaitedForAnExecutorGetsItFromTheNextMaster() throws Exception {
    Master first = leadingMaster();
    Master second = notYet();
    SparkProcess application = counting(List.of(), first, second);
    await("what it wants")
        .atMost(PATIENCE)
        .until(() -> application.log().contains("> counts") && wants(first));
    first.process.signal("KILL");
    await("a wish that nobody hears")
        .atMost(PATIENCE)
        .until(() -> application.log().contains("no master hears how many executors"));
    second = master(Map.of(), second.port, second.page);
    awaitStatus(second, status -> status.state() == MasterStatus.State.ALIVE);

    worker(first, second);

    assertThat(application.awaitExit()).as(application.log()).isZero();
    assertThat(application.log()).contains("> counted 5");
  }

  @Test
  @Tag("long")
  void anExecutorThatNobodyHeardIsNotWantedGoesWhenThereIsAMaster() throws Exception {
    Master first = leadingMaster();
    Master second = notYet();
    worker(first, second);
    Path again = directory.resolve("again");
    SparkProcess application = counting(List.of(again.toString()), first, second);
    await("an executor that idles")
        .atMost(PATIENCE)
        .until(() -> application.log().contains("> counted 5") && wantsNone(first));
    first.process.signal("KILL");
    await("nobody hears that it is not wanted")
        .atMost(PATIENCE)
        .until(() -> application.log().contains("executor(s) to be killed is 0"));
    second = master(Map.of(), second.port, second.page);
    awaitStatus(second, ZooKeeperRecoveryTest::leadsAWorker);

    // It takes no tasks any more, and would keep its place.
    Files.createFile(again);

    assertThat(application.awaitExit()).as(application.log()).isZero();
    assertThat(application.log()).containsSubsequence("> counted 5", "> counts", "> counted 5");
  }

  private SparkProcess counting(List<String> arguments, Master... known) throws IOException {
    Map<String, String> properties = new TreeMap<>();
    properties.put("spark.master", "spark://" + addresses(known));
    properties.put("spark.plugins", ExecutorWishes.class.getName());
    properties.put("spark.executor.extraClassPath", Path.of("target/classes").toRealPath() + "");
    properties.put("spark.executor.memory", "450m");
    properties.put("spark.testing.reservedMemory", "0");
    properties.put("spark.dynamicAllocation.executorIdleTimeout", "5s");
    return closedLater(
        SparkProcess.start(
            directory, "application", properties, CountProgram.class.getName(), arguments));
  }

  /** Whether an application has asked for executors: the master has none, and says so. */
  private static boolean wants(Master master) throws IOException {
    return master.process.log().contains("requested executors");
  }

  /** Whether the application has said since that it needs none, and keeps what it has. */
  private static boolean wantsNone(Master master) throws IOException {
    return master
        .process
        .log()
        .lines()
        .filter(line -> line.contains("requested executors"))
        .reduce((before, last) -> last)
        .filter(line -> line.endsWith("-> 0)."))
        .isPresent();
  }

  @Test
  void aMasterWaitsForItsEnsembleAndALostOneEndsIt() throws Exception {
    zooKeeper.close();
    Master early = master();
    awaitStatus(early, status -> status.state() == MasterStatus.State.STANDBY);

    zooKeeper.startAgain();
    awaitStatus(early, status -> status.state() == MasterStatus.State.ALIVE);

    zooKeeper.close();
    await().atMost(PATIENCE).until(() -> !early.process.isAlive());
    assertThat(early.process.exitCode()).isZero();
  }

  @Test
  void onlyALeaderWritesAndWhatIsUnreadableIsLeftOut() throws Exception {
    Path sessionFile = directory.resolve("session");
    SparkProcess program =
        closedLater(
            SparkProcess.start(
                directory,
                "state",
                Map.of(),
                FencedStateProgram.class.getName(),
                List.of(ensemble(), sessionFile.toString())));
    assertThat(program.awaitExit()).as(program.log()).isZero();
    assertThat(program.log().lines().filter(line -> line.startsWith("> ")))
        .containsExactly(
            "> not leading: does not lead: app_1 not written",
            "> leading: uno",
            "> lost so far: 0",
            "> deposed: could not write app_1",
            "> lost: 1",
            "> still: uno",
            "> unreadable left out: true, kept: true");
    assertThat(Files.readString(sessionFile)).matches("-?\\d+ [0-9a-f]{32}\\R");
    assertThat(Files.getPosixFilePermissions(sessionFile)).hasSize(2);
  }

  @Test
  void withALoginOthersReadWhereTheLeaderIsAndNothingElse() throws Exception {
    Path login = directory.resolve("login");
    Files.writeString(login, "masters:only-the-masters-know\n");
    try (CuratorFramework stranger =
        CuratorFrameworkFactory.newClient(ensemble(), new RetryOneTime(100))) {
      stranger.start();
      // From a time without a login.
      stranger.create().creatingParentsIfNeeded().forPath("/spark/master_status/app_old");
      Master master = master(Map.of("spark.sparkappliance.zookeeper.loginFile", login.toString()));
      awaitStatus(master, status -> status.state() == MasterStatus.State.ALIVE);
      worker(master);
      awaitStatus(master, ZooKeeperRecoveryTest::leadsAWorker);
      awaitPublished("/spark/leader_election/current_master", HOST);
      awaitPublished("/spark/current_leader", HOST + ":" + master.port);

      byte[] elsewhere = "elsewhere:7077".getBytes(StandardCharsets.UTF_8);
      for (Refused attempt :
          List.<Refused>of(
              () -> stranger.setData().forPath("/spark/current_leader", elsewhere),
              () -> stranger.create().forPath("/spark/leader_election/another"),
              () -> stranger.setData().forPath("/spark/master_status/app_old", elsewhere),
              () -> stranger.create().forPath("/spark/master_status/app_evil", elsewhere),
              () -> stranger.getChildren().forPath("/spark/master_status"),
              () -> stranger.getData().forPath("/spark/master_status/app_old"),
              () -> stranger.delete().forPath("/spark/current_leader"))) {
        assertThatThrownBy(attempt::tried).isInstanceOf(KeeperException.NoAuthException.class);
      }
    }
  }

  @Test
  void aWrongLoginIsToldInTheMastersLog() throws Exception {
    Path right = directory.resolve("right");
    Path wrong = directory.resolve("wrong");
    Files.writeString(right, "masters:only-the-masters-know\n");
    Files.writeString(wrong, "masters:a-typing-mistake\n");
    String key = "spark.sparkappliance.zookeeper.loginFile";
    Master first = master(Map.of(key, right.toString()));
    awaitStatus(first, status -> status.state() == MasterStatus.State.ALIVE);
    awaitPublished("/spark/current_leader", HOST + ":" + first.port);

    Master second = master(Map.of(key, wrong.toString()));

    await()
        .atMost(PATIENCE)
        .until(() -> second.process.log().contains("was made with another login"));
    assertThat(second.process.log()).doesNotContain("a-typing-mistake");
    assertThat(status(first).orElseThrow().state()).isEqualTo(MasterStatus.State.ALIVE);
  }

  /** What a stranger tries. */
  @FunctionalInterface
  private interface Refused {
    void tried() throws Exception;
  }

  @Test
  void anEnsembleHasToBeNamed() throws Exception {
    Master nowhere = master(Map.of("spark.deploy.zookeeper.url", " "));
    await("what is wrong, in the log")
        .atMost(PATIENCE)
        .until(
            () -> nowhere.process.log().contains("spark.deploy.zookeeper.url names no ensemble"));
  }

  private String ensemble() {
    return zooKeeper.ensemble();
  }

  private ZooKeeperEnsemble whole() {
    return new ZooKeeperEnsemble(List.of(new HostAndPort(HOST, zooKeeper.port())), "");
  }

  private Master leadingMaster() throws IOException {
    Master master = master();
    awaitStatus(master, status -> status.state() == MasterStatus.State.ALIVE);
    return master;
  }

  private Master standbyMaster() throws IOException {
    Master master = master();
    awaitStatus(master, status -> status.state() == MasterStatus.State.STANDBY);
    return master;
  }

  private Master master() throws IOException {
    return master(Map.of());
  }

  /** Where one will be. */
  private static Master notYet() throws IOException {
    return new Master(null, SparkProcess.freePort(), SparkProcess.freePort());
  }

  private Master master(Map<String, String> settings) throws IOException {
    return master(settings, SparkProcess.freePort(), SparkProcess.freePort());
  }

  private Master master(Map<String, String> settings, int port, int page) throws IOException {
    Map<String, String> properties =
        new TreeMap<>(
            Map.of(
                "spark.deploy.recoveryMode",
                "CUSTOM",
                "spark.deploy.recoveryMode.factory",
                ZooKeeperRecovery.class.getName(),
                "spark.deploy.zookeeper.url",
                ensemble(),
                "spark.master.rest.enabled",
                "false"));
    properties.putAll(settings);
    SparkProcess process =
        SparkProcess.start(
            directory,
            "master-" + port,
            properties,
            properties.get("spark.deploy.recoveryMode").equals("CUSTOM")
                ? StandaloneMaster.class.getName()
                : "org.apache.spark.deploy.master.Master",
            List.of(
                "--host", HOST,
                "--port", Integer.toString(port),
                "--webui-port", Integer.toString(page)));
    return new Master(closedLater(process), port, page);
  }

  private SparkProcess worker(Master... known) throws IOException {
    return closedLater(
        SparkProcess.start(
            directory,
            "worker",
            Map.of(),
            "org.apache.spark.deploy.worker.Worker",
            List.of(
                "--host",
                HOST,
                "--port",
                "0",
                "--webui-port",
                "0",
                "--cores",
                "1",
                "--memory",
                "512m",
                "spark://" + addresses(known))));
  }

  private static String addresses(Master... masters) {
    return List.of(masters).stream()
        .map(master -> HOST + ":" + master.port)
        .collect(Collectors.joining(","));
  }

  private <T extends AutoCloseable> T closedLater(T process) {
    toClose.add(process);
    return process;
  }

  private Optional<MasterStatus> status(Master master) {
    return masters.status(new HostAndPort(HOST, master.page));
  }

  private void awaitStatus(Master master, Predicate<MasterStatus> wanted) {
    await("master on port " + master.port)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> status(master).filter(wanted).isPresent());
  }

  private static boolean leadsAWorker(MasterStatus status) {
    return status.state() == MasterStatus.State.ALIVE
        && status.workers().stream().anyMatch(MasterStatus.Worker::isAlive);
  }

  private String published(String path) throws Exception {
    try (CuratorFramework client =
        CuratorFrameworkFactory.newClient(ensemble(), new RetryOneTime(100))) {
      client.start();
      return new String(client.getData().forPath(path), StandardCharsets.UTF_8);
    }
  }

  private void awaitPublished(String path, String text) {
    await(path)
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(published(path)).isEqualTo(text));
  }
}
