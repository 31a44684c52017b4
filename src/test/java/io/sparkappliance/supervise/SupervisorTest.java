package io.sparkappliance.supervise;

import static io.sparkappliance.supervise.ShellNode.GOOD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.cluster.Turn;
import io.sparkappliance.daemon.Probe;
import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Daemons are real processes here: shell scripts. */
class SupervisorTest {
  private static final Probe READY = Optional::empty;
  private static final String BECOMES_READY_WHEN_TOLD =
      "echo \"start $0\" >>events; exec sleep 1000";

  @TempDir Path directory;

  private ShellNode node;

  @BeforeEach
  void prepare() {
    node = new ShellNode(directory);
  }

  @AfterEach
  void leaveNothingBehind() throws Exception {
    node.end();
  }

  @Test
  void aDaemonWaitsForWhatItNeedsAndOthersDoNot() throws Exception {
    node.daemon("master", BECOMES_READY_WHEN_TOLD)
        .daemon("sql", GOOD, "master")
        .daemon("history", GOOD)
        .start();
    await().until(() -> node.state("history") == State.READY);
    await().until(() -> node.state("master") == State.STARTING);
    assertThat(node.state("sql")).isEqualTo(State.WAITING);
    assertThat(node.status("sql").reason()).contains("waits for master");
    assertThat(node.supervisor().status().phase()).isEqualTo(NodeStatus.Phase.STARTING);
    assertThat(node.timesReady()).isZero();

    Files.createFile(node.file("master.ready"));
    await().until(() -> node.timesReady() == 1);
    assertThat(node.events()).containsOnlyOnce("start sql");
    assertThat(node.status("sql").reason()).isEmpty();
    assertThat(node.status("sql").timeToReady()).isPresent();
    assertThat(node.supervisor().status().phase()).isEqualTo(NodeStatus.Phase.RUNNING);
    assertThat(node.supervisor().status().isReady()).isTrue();
    assertThat(node.timesReady()).isEqualTo(1);
  }

  @Test
  void aKilledDaemonComesBack() {
    node.daemon("worker", GOOD).start();
    await().until(() -> node.state("worker") == State.READY);
    ProcessHandle first = node.process("worker.pid").orElseThrow();
    first.destroyForcibly();

    await()
        .until(
            () ->
                node.status("worker").restarts() == 1
                    && node.process("worker.pid").filter(now -> !now.equals(first)).isPresent()
                    && node.state("worker") == State.READY);
    assertThat(node.status("worker").lastFailure())
        .contains("it ended with exit code 137 (signal 9)");
    assertThat(node.status("worker").reason()).isEmpty();
    assertThat(node.timesReady()).as("told once").isEqualTo(1);
  }

  @Test
  void aDaemonThatKeepsDyingEndsTheNodeWithItsReasonAndItsLastLines() throws Exception {
    node.daemon("history", GOOD)
        .daemon("sql", "echo attempt >>attempts; echo 'Exception: no metastore'; exit 3")
        .start();

    assertThat(node.exitCode()).isEqualTo(1);
    assertThat(node.lines("attempts")).hasSize(1 + node.maxRestarts);
    assertThat(node.state("sql")).isEqualTo(State.FAILED);
    assertThat(node.state("history")).isEqualTo(State.STOPPED);
    assertThat(node.supervisor().status().phase()).isEqualTo(NodeStatus.Phase.FAILED);
    assertThat(node.output())
        .contains(
            "appliance | sql failed (it ended with exit code 3); restart 1 of at most 2 in 0.0 s")
        .endsWith(
            "appliance | sql keeps failing, the node gives up: it ended with exit code 3",
            "appliance | last lines of sql:",
            "appliance |     Exception: no metastore",
            "appliance |     Exception: no metastore",
            "appliance |     Exception: no metastore");
  }

  @Test
  void aDaemonThatEndsByItsOwnDecisionComesBackHoweverOften() throws Exception {
    node.daemon("history", GOOD)
        .daemonThatMayEnd(
            "master",
            "echo again >>attempts; [ $(wc -l <attempts) -gt 5 ] || exit 0; touch $0.ready; exec"
                + " sleep 1000")
        .start();
    await().until(() -> node.state("master") == State.READY);
    assertThat(node.maxRestarts).isLessThan(5);
    assertThat(node.lines("attempts")).hasSize(6);
    assertThat(node.status("master").restarts()).isEqualTo(5);
    assertThat(node.status("master").lastFailure()).isEmpty();
    assertThat(node.aftermaths()).isEqualTo(5);
    assertThat(node.state("history")).isEqualTo(State.READY);
    assertThat(node.output())
        .contains("appliance | master ended: it leads no more; starts again in 0.0 s");
  }

  @Test
  void anotherExitCodeOfSuchADaemonIsAFailure() throws Exception {
    node.daemonThatMayEnd("master", "exit 3").start();
    assertThat(node.exitCode()).isEqualTo(1);
    assertThat(node.state("master")).isEqualTo(State.FAILED);
    assertThat(node.aftermaths()).isEqualTo(1 + node.maxRestarts);
  }

  @Test
  void aDaemonOutOfTurnStandsByAndIsAnnouncedWhenItServes() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    AtomicReference<Turn.Missing> holder =
        new AtomicReference<>(new Turn.Missing("stands by: it is the turn of n1", true));
    Turn turn =
        new Turn() {
          @Override
          public Optional<Missing> missing() {
            return Optional.ofNullable(holder.get());
          }

          @Override
          public Optional<String> lost() {
            return missing().filter(Missing::another).map(Missing::reason);
          }

          @Override
          public void serves() {
            told.add("serves");
          }

          @Override
          public void ceases() {
            told.add("ceases");
          }

          @Override
          public void leave() {
            told.add("leaves");
          }

          @Override
          public void pass() {
            told.add("passes");
          }
        };
    node.daemonInTurn("sql", GOOD, turn).start();
    await().until(() -> node.state("sql") == State.STANDBY);
    assertThat(node.supervisor().status().isReady()).as("nothing is missing").isTrue();
    assertThat(node.status("sql").reason()).contains("stands by: it is the turn of n1");
    assertThat(node.process("sql.pid")).isEmpty();

    holder.set(null);
    await().until(() -> node.state("sql") == State.READY);
    assertThat(told).containsExactly("serves");
    node.process("sql.pid").orElseThrow().destroyForcibly();
    await().until(() -> told.size() == 3);
    assertThat(told).containsExactly("serves", "ceases", "serves");
    await().until(() -> node.state("sql") == State.READY);

    holder.set(new Turn.Missing("stands by: it is the turn of n2", true));
    await().until(() -> node.state("sql") == State.STANDBY);
    assertThat(node.events()).as("it was told to end").contains("stop sql");
    assertThat(told).containsExactly("serves", "ceases", "serves", "ceases");

    holder.set(new Turn.Missing("waits: ZooKeeper does not answer", false));
    await().until(() -> node.state("sql") == State.WAITING);
    assertThat(node.supervisor().status().isReady()).as("nobody is known to serve").isFalse();
    told.clear();
    node.supervisor().stop(0);
    assertThat(node.exitCode()).isZero();
    assertThat(told).startsWith("leaves");
  }

  @Test
  void aDaemonThatWouldFailWithoutItsPeersStartsWhenTheyAreThere() throws Exception {
    // Another that is ready, and says so again and again, must not make it start twice.
    node.daemon("history", GOOD).daemonWithPeers("sql", GOOD, true).start();
    await().until(() -> "waits: nobody is there".equals(node.status("sql").reason().orElse("")));
    assertThat(node.state("sql")).isEqualTo(State.WAITING);
    assertThat(node.process("sql.pid")).isEmpty();
    Files.createFile(node.file("peers"));
    await().until(() -> node.state("sql") == State.READY);
    assertThat(node.lines("events")).containsExactlyInAnyOrder("start history", "start sql");
  }

  @Test
  void aDaemonIsNotToBlameForPeersThatAreAway() throws Exception {
    node.readyTimeout = Duration.ofSeconds(1);
    node.maxRestarts = 0;
    // Ends twice, as a worker does that asked in vain, then waits for its peers.
    node.daemonWithPeers(
            "worker",
            """
            echo try >>attempts
            sleep 0.3
            test $(wc -l <attempts) -gt 2 || exit 1
            sleep 2
            touch waited-longer-than-its-time
            while ! test -e peers; do sleep 0.05; done
            touch $0.ready
            exec sleep 1000
            """,
            false)
        .start();
    await().until(() -> Files.exists(node.file("waited-longer-than-its-time")));
    Files.createFile(node.file("peers"));
    await().until(() -> node.state("worker") == State.READY);
    assertThat(node.supervisor().status().phase()).isEqualTo(NodeStatus.Phase.RUNNING);
  }

  @Test
  void restartsLongAgoDoNotCount() {
    node.maxRestarts = 1;
    node.restartWindow = Duration.ofMillis(1);
    node.daemon("worker", GOOD).start();
    for (int restart = 1; restart <= 3; restart++) {
      int expected = restart;
      await().until(() -> node.state("worker") == State.READY);
      node.process("worker.pid").orElseThrow().destroyForcibly();
      await().until(() -> node.status("worker").restarts() == expected);
    }
    await().until(() -> node.state("worker") == State.READY);
  }

  @Test
  void aDaemonThatIsNeverReadyEndsTheNodeHoweverLongEachTryTakes() throws Exception {
    node.readyTimeout = Duration.ofMillis(100);
    // No two failures fall into one window.
    node.restartWindow = Duration.ofMillis(1);
    node.daemon("sql", BECOMES_READY_WHEN_TOLD).start();

    assertThat(node.exitCode()).isEqualTo(1);
    assertThat(node.events()).hasSize(1 + node.maxRestarts);
    assertThat(node.output())
        .contains("appliance | sql keeps failing, the node gives up: not ready in time: no file");
  }

  @Test
  void aProgramThatIsNotThereEndsTheNode() throws Exception {
    node.command("notebook", List.of("/no/such/program"), READY, List.of()).start();

    assertThat(node.exitCode()).isEqualTo(1);
    assertThat(node.status("notebook").reason().orElseThrow())
        .startsWith("it can't be started: ")
        .contains("/no/such/program");
  }

  @Test
  void aPortInUseIsNamed() throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (ServerSocket other = new ServerSocket(0, 1, loopback)) {
      HostAndPort address = new HostAndPort("127.0.0.1", other.getLocalPort());
      node.daemon("gateway", GOOD, READY, List.of(address)).start();

      assertThat(node.exitCode()).isEqualTo(1);
      assertThat(node.status("gateway").reason().orElseThrow())
          .startsWith("port " + address.port() + " can't be listened on: Address already in use")
          .contains("docs/environment.md");
      assertThat(node.events()).as("started anyway").isEmpty();
    }
  }

  @Test
  void aDaemonThatTakesCallsAndNeverAnswersIsNotReady() throws Exception {
    node.readyTimeout = Duration.ofMillis(100);
    node.maxRestarts = 0;
    node.times =
        new ProbeTimes(Duration.ofMillis(20), Duration.ofMillis(50), Duration.ofMillis(200));
    AtomicReference<Thread> asking = new AtomicReference<>();
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Probe hangs =
          () -> {
            asking.set(Thread.currentThread());
            try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), silent.getLocalPort())) {
              return Optional.of("answered " + socket.getInputStream().read());
            } catch (IOException closed) {
              return Optional.of(closed.toString());
            }
          };
      node.daemon("sql", GOOD, hangs, List.of()).start();

      assertThat(node.exitCode()).isEqualTo(1);
      assertThat(node.status("sql").reason())
          .contains("not ready in time: it takes a call and does not answer");
      await("the hanging call is given up").until(() -> !asking.get().isAlive());
    }
  }

  @Test
  void aProbeThatCanNotRunIsTold() {
    Probe broken =
        () -> {
          throw new NoClassDefFoundError("io/netty/Channel");
        };
    node.daemon("sql", GOOD, broken, List.of()).start();

    await()
        .until(
            () ->
                node.status("sql").reason().orElse("").startsWith("the probe failed: ")
                    && node.state("sql") == State.STARTING);
  }

  @Test
  void aDaemonThatStopsAnsweringIsNotReadyButGoesOn() throws Exception {
    node.daemon("worker", GOOD).start();
    await().until(() -> node.state("worker") == State.READY);
    ProcessHandle process = node.process("worker.pid").orElseThrow();
    Files.delete(node.file("worker.ready"));
    await().until(() -> node.state("worker") == State.UNREADY);
    assertThat(node.status("worker").reason()).contains("no file");
    assertThat(node.supervisor().status().isReady()).isFalse();

    Files.createFile(node.file("worker.ready"));
    await().until(() -> node.state("worker") == State.READY);
    assertThat(node.process("worker.pid")).contains(process);
    assertThat(node.status("worker").restarts()).isZero();
  }

  @Test
  void aDaemonWithoutHopeIsStartedAnewInOrder() throws Exception {
    node.readyTimeout = Duration.ofSeconds(1);
    node.daemonWithoutHope("sql", GOOD, "hopeless").start();
    await().until(() -> node.state("sql") == State.READY);
    Files.createFile(node.file("peers"));
    Files.delete(node.file("sql.ready"));
    await().until(() -> node.state("sql") == State.UNREADY);
    Instant unready = Instant.now();
    // It may be busy: as long as there is hope, it is left alone.
    await().until(() -> Instant.now().isAfter(unready.plus(node.readyTimeout.multipliedBy(2))));
    assertThat(node.status("sql").restarts()).isZero();

    Files.createFile(node.file("hopeless"));
    await().until(() -> node.status("sql").restarts() == 1);
    Files.delete(node.file("hopeless"));
    await().until(() -> node.state("sql") == State.READY);
    assertThat(node.status("sql").lastFailure()).contains("nobody knows it");
    assertThat(node.events()).containsExactly("start sql", "stop sql", "start sql");
  }

  @Test
  void daemonsStopInReverseOrder() throws Exception {
    node.daemon("master", GOOD).daemon("worker", GOOD).daemon("sql", GOOD, "master").start();
    await().until(() -> node.supervisor().status().isReady());
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(node.events().subList(3, 6))
        .containsExactly("stop sql", "stop worker", "stop master");
    assertThat(node.supervisor().status().daemons())
        .allMatch(daemon -> daemon.state() == State.STOPPED);
  }

  @Test
  void aDaemonThatIgnoresTheSignalIsKilledAndLeavesTimeForTheOthers() throws Exception {
    node.gracePeriod = Duration.ofSeconds(2);
    node.daemon("master", GOOD)
        .daemon("stubborn", "trap '' TERM; touch $0.ready; while :; do sleep 1; done")
        .start();
    await().until(() -> node.supervisor().status().isReady());
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(node.output()).contains("appliance | stubborn did not stop within 1.0 s: killed");
    assertThat(node.events()).contains("stop master");
  }

  /** Notes what it is told; asked to retire, it lets its child go on for a moment. */
  private static final String RETIRING =
      """
      trap 'echo retire >>events; sleep 0.3; kill $child; wait $child; echo empty >>events' USR1
      trap 'echo stop >>events; exit 0' TERM
      sleep 1000 &
      child=$!
      touch $0.ready
      while :; do wait; done
      """;

  @Test
  void aLineThatNobodyUnderstandsIsExplained() throws Exception {
    node.daemon("worker", "echo ERROR Exception while bootstrapping client after 5 ms; sleep 1000")
        .start();

    String meaning =
        "another node seems to refuse the cluster secret of this one:"
            + " SPARK_RPC_AUTHENTICATION_SECRET must be the same on every node";
    await().until(() -> node.status("worker").reason().equals(Optional.of("no file; " + meaning)));
    assertThat(node.output()).contains("appliance | worker: " + meaning);
  }

  @Test
  void aDaemonThatRetiresGivesItsWorkAwayBeforeItEnds() throws Exception {
    node.daemonThatRetires("worker", RETIRING, "USR1").start();
    await().until(() -> node.supervisor().status().isReady());
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(node.events()).containsExactly("retire", "empty", "stop");
    assertThat(node.output())
        .contains(
            "appliance | worker retires: its work goes to others",
            "appliance | worker has nothing left to do");
  }

  @Test
  void aRetirementThatLastsTooLongIsCutShort() throws Exception {
    node.gracePeriod = Duration.ofSeconds(2);
    node.daemonThatRetires("worker", RETIRING.replace("kill $child; wait $child", "true"), "USR1")
        .start();
    await().until(() -> node.supervisor().status().isReady());
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(node.events()).containsExactly("retire", "empty", "stop");
    assertThat(node.output())
        .contains("appliance | worker has not given all its work to others: ends now");
  }

  @Test
  void aDaemonWhoseWorldHasMovedRetiresAndStartsAnew() throws Exception {
    node.daemonThatIsRenewed("worker", RETIRING, "echo new >>events; " + GOOD, "USR1").start();
    await().until(() -> node.state("worker") == State.READY);
    Files.createFile(node.file("others"));
    // As long as it works it stays.
    await().during(Duration.ofMillis(300)).until(() -> node.state("worker") == State.READY);

    Files.delete(node.file("worker.ready"));

    await().until(() -> node.events().contains("new"));
    await().until(() -> node.state("worker") == State.READY);
    assertThat(node.events()).containsExactly("retire", "empty", "stop", "new", "start worker");
    assertThat(node.output())
        .contains(
            "appliance | worker starts anew: those it knows are not those it needs, others are there");
    assertThat(node.status("worker").restarts()).isEqualTo(1);
  }

  @Test
  void whatADaemonLeavesBehindIsKilled() throws Exception {
    node.daemon("worker", GOOD).start();
    await().until(() -> node.state("worker") == State.READY);
    ProcessHandle child = node.process("worker.child").orElseThrow();
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    await().until(() -> !child.isAlive());
  }

  @Test
  void whatIsStartedDuringTheStopIsKilledToo() throws Exception {
    node.gracePeriod = Duration.ofSeconds(20);
    node.daemon(
            "worker",
            """
            trap 'sleep 1000 & echo $! >late.child; while ! test -e go; do sleep 0.05; done; exit 0' TERM
            touch worker.ready
            while :; do sleep 0.05; done
            """)
        .start();
    await().until(() -> node.state("worker") == State.READY);
    node.supervisor().stop(143);
    await().until(() -> node.process("late.child").isPresent());
    ProcessHandle late = node.process("late.child").orElseThrow();
    // Longer than it takes to look for children once more.
    await().pollDelay(Duration.ofMillis(500)).until(() -> true);
    Files.createFile(node.file("go"));

    assertThat(node.exitCode()).isEqualTo(143);
    await().until(() -> !late.isAlive());
  }

  @Test
  void orphansOfADaemonThatCrashedAreKilledAtTheEnd() throws Exception {
    node.daemon("worker", GOOD).start();
    await().until(() -> node.state("worker") == State.READY);
    ProcessHandle orphan = node.process("worker.child").orElseThrow();
    node.process("worker.pid").orElseThrow().destroyForcibly();
    await()
        .until(() -> node.status("worker").restarts() == 1 && node.state("worker") == State.READY);
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    await().until(() -> !orphan.isAlive());
  }

  @Test
  void aStopDuringAPauseStartsNothingAgain() throws Exception {
    node.pause = Duration.ofMinutes(5);
    node.daemon("sql", "echo \"start $0\" >>events; exit 1").start();
    await().until(() -> node.state("sql") == State.BACKING_OFF);
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(node.events()).containsExactly("start sql");
  }

  @Test
  void aDaemonThatDiesWhileOthersStopIsNotStartedAgain() throws Exception {
    node.daemon("master", GOOD)
        .daemon(
            "slow",
            "trap 'while ! test -e go; do sleep 0.05; done; exit 0' TERM\n"
                + "touch $0.ready; while :; do sleep 0.05; done")
        .start();
    await().until(() -> node.supervisor().status().isReady());
    node.supervisor().stop(143);
    await().until(() -> node.state("slow") == State.STOPPING);
    ProcessHandle master = node.process("master.pid").orElseThrow();
    master.destroyForcibly();
    await().until(() -> !master.isAlive());
    // More than the pause before a restart.
    await().pollDelay(Duration.ofMillis(300)).until(() -> true);
    Files.createFile(node.file("go"));

    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(node.events()).containsExactly("start master");
  }

  @Test
  void killingEndsAStopThatTakesItsTime() throws Exception {
    node.gracePeriod = Duration.ofMinutes(5);
    node.daemon("master", GOOD)
        .daemon("stubborn", "trap '' TERM; touch $0.ready; while :; do sleep 1; done")
        .start();
    await().until(() -> node.supervisor().status().isReady());
    node.supervisor().stop(143);
    await().until(() -> node.state("stubborn") == State.STOPPING);
    node.supervisor().kill();

    assertThat(node.exitCode()).isEqualTo(143);
  }

  @Test
  void aDaemonThatPrintsALotIsNeverBlocked() throws Exception {
    String megabytes = "yes 'a line of thirty-two characters.' | head -c 5000000; echo; echo done";
    node.daemon("loud", megabytes + "; touch $0.ready; exec sleep 1000")
        .daemon("quiet", GOOD)
        .start();
    await().until(() -> node.supervisor().status().isReady());

    await().until(() -> node.output().contains("loud | done"));
    List<String> lines =
        node.output().stream().filter(line -> line.startsWith("loud | a ")).toList();
    assertThat(lines).hasSizeGreaterThan(100_000);
    // The last one may have been cut off.
    assertThat(lines.subList(0, lines.size() - 1))
        .allMatch("loud | a line of thirty-two characters."::equals);
  }

  @Test
  void signalsAfterTheEndAreIgnored() throws Exception {
    node.daemon("worker", GOOD).start();
    await().until(() -> node.state("worker") == State.READY);
    node.supervisor().stop(143);
    assertThat(node.exitCode()).isEqualTo(143);

    node.supervisor().stop(130);
    node.supervisor().kill();
    assertThat(node.exitCode()).isEqualTo(143);
  }

  @Test
  void aFaultOfTheSupervisorItselfEndsTheNode() throws Exception {
    CountDownLatch seen = new CountDownLatch(1);
    Probe probe =
        () -> {
          seen.countDown();
          return null;
        };
    node.daemon("worker", GOOD, probe, List.of()).start();
    seen.await();

    assertThat(node.exitCode()).isEqualTo(70);
    assertThat(node.output())
        .contains("appliance | an error of the appliance itself, the node gives up:");
    assertThat(node.process("worker.pid")).isEmpty();
  }
}
