package io.sparkappliance.supervise;

import static io.sparkappliance.supervise.ShellNode.GOOD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.cluster.Turn;
import io.sparkappliance.settings.Settings.LogFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that gives its work away before it ends. Daemons are shell scripts here. */
class DrainTest {
  /** Asked to retire, it lets its child go on until the file {@code done} is there. */
  private static final String WORKS_UNTIL_DONE =
      """
      trap 'echo retire >>events' USR1
      trap 'echo "stop $0" >>events; exit 0' TERM
      sh -c 'while ! test -e done; do sleep 0.05; done; echo done >>events' &
      child=$!
      # Waits without a child: what it has of them is its work.
      mkfifo $0.fifo
      exec 3<>$0.fifo
      touch $0.ready
      while kill -0 $child 2>/dev/null; do wait $child; done
      while :; do read _ <&3; done
      """;

  @TempDir Path directory;

  private ShellNode node;

  @BeforeEach
  void prepare() {
    node = new ShellNode(directory);
  }

  @AfterEach
  void leaveNothingBehind() throws Exception {
    Files.writeString(directory.resolve("done"), "");
    node.end();
  }

  @Test
  void theRestGoesOnUntilTheWorkIsDoneElsewhere() throws Exception {
    start(node.daemon("master", GOOD));
    long first = node.process("master.pid").orElseThrow().pid();
    node.supervisor().drain(Duration.ofMinutes(5));

    await().until(() -> node.events().contains("retire"));
    assertThat(node.supervisor().status().phase()).isEqualTo(NodeStatus.Phase.DRAINING);
    assertThat(node.supervisor().status().isReady()).as("gets new clients").isFalse();
    // The rest is still watched, and started again.
    node.process("master.pid").orElseThrow().destroyForcibly();
    await()
        .until(
            () ->
                node.process("master.pid").filter(now -> now.pid() != first).isPresent()
                    && node.state("master") == State.READY);
    assertThat(node.supervisor().status().phase()).isEqualTo(NodeStatus.Phase.DRAINING);
    done();

    assertThat(node.exitCode()).isZero();
    assertThat(node.events())
        .containsSubsequence("retire", "done", "stop worker")
        .containsSubsequence("done", "stop master");
    assertThat(node.output())
        .containsSubsequence(
            "appliance | drains within 300 s",
            "appliance | worker retires: its work goes to others",
            "appliance | worker has nothing left to do",
            "appliance | drained: stops the rest");
    assertThat(node.supervisor().status().daemons())
        .allMatch(daemon -> daemon.state() == State.STOPPED);
  }

  @Test
  void workThatTakesTooLongIsNotWaitedFor() throws Exception {
    node.gracePeriod = Duration.ofSeconds(1);
    start(node.daemon("master", GOOD));
    node.supervisor().drain(Duration.ofSeconds(3));

    assertThat(node.exitCode()).isZero();
    assertThat(node.events()).contains("retire", "stop worker", "stop master");
    assertThat(node.output())
        .contains("appliance | worker has not given all its work to others: ends now");
  }

  @Test
  void aSignalDuringADrainLeavesItTheGracePeriod() throws Exception {
    node.gracePeriod = Duration.ofSeconds(2);
    start(node.daemon("master", GOOD));
    node.supervisor().drain(Duration.ofMinutes(5));
    await().until(() -> node.events().contains("retire"));
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(node.events()).contains("stop worker", "stop master");
    assertThat(node.output())
        .contains("appliance | told to stop: what is left of the drain is 2 s at most");
  }

  @Test
  void aSecondNoticeCanOnlyShortenADrain() throws Exception {
    node.gracePeriod = Duration.ofSeconds(1);
    start(node);
    node.supervisor().drain(Duration.ofMinutes(5));
    await().until(() -> node.events().contains("retire"));
    node.supervisor().drain(Duration.ofMinutes(50));
    node.supervisor().drain(Duration.ofSeconds(2));

    assertThat(node.exitCode()).isZero();
    assertThat(node.events()).contains("stop worker").doesNotContain("done");
  }

  @Test
  void whatAnotherNodeCanServeEndsFirstAndPassesItsTurn() throws Exception {
    start(node.daemon("master", GOOD).daemonInTurn("sql", GOOD, new NotedTurn()));
    node.supervisor().drain(Duration.ofMinutes(5));

    await().until(() -> node.events().contains("retire"));
    assertThat(node.events())
        .containsSubsequence("clients are sent away", "stop sql", "turn is passed", "retire");
    assertThat(node.output())
        .containsSubsequence(
            "appliance | sql is no longer announced to clients",
            "appliance | sql has ended: another node may serve",
            "appliance | worker retires: its work goes to others");
    done();
    assertThat(node.exitCode()).isZero();
  }

  @Test
  void aDrainThatFailsIsAStopAllTheSame() throws Exception {
    Turn broken =
        new NotedTurn() {
          @Override
          public void pass() {
            throw new IllegalStateException("of the test");
          }
        };
    node.daemon("master", GOOD).daemonInTurn("sql", GOOD, broken).start();
    await().until(() -> node.supervisor().status().isReady());
    node.supervisor().drain(Duration.ofMinutes(5));

    assertThat(node.exitCode()).isZero();
    assertThat(node.events()).containsSubsequence("stop sql", "stop master");
    assertThat(node.output())
        .contains(
            "appliance | the drain failed, stops without it: java.lang.IllegalStateException: of the"
                + " test");
  }

  @Test
  void oneThatRetiresForGoodLeavesTheRestAsItIs() throws Exception {
    start(node.daemon("master", GOOD));
    node.supervisor().retire(Duration.ofMinutes(5));
    node.supervisor().retire(Duration.ofMinutes(5));
    await().until(() -> node.events().contains("retire"));
    assertThat(node.state("worker")).isEqualTo(State.STOPPING);
    done();

    await().until(() -> node.state("worker") == State.RETIRED);
    assertThat(node.events()).containsOnlyOnce("retire").contains("stop worker");
    assertThat(node.supervisor().status().isReady()).as("nothing is missing").isTrue();
    assertThat(node.state("master")).isEqualTo(State.READY);
    assertThat(node.status("worker").restarts()).isZero();
    node.supervisor().drain(Duration.ofMinutes(5));
    assertThat(node.exitCode()).isZero();
    assertThat(node.events()).containsOnlyOnce("retire");
  }

  @Test
  void aStopFindsWhatStillRetires() throws Exception {
    node.gracePeriod = Duration.ofSeconds(1);
    start(node);
    node.supervisor().retire(Duration.ofMinutes(5));
    await().until(() -> node.events().contains("retire"));
    node.supervisor().stop(143);

    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(node.events()).contains("stop worker").doesNotContain("done");
  }

  @Test
  void aNodeThatHasNothingToGiveEndsAtOnce() throws Exception {
    node.daemon("gateway", GOOD).start();
    await().until(() -> node.supervisor().status().isReady());
    node.supervisor().retire(Duration.ofMinutes(5));
    node.supervisor().drain(Duration.ofMinutes(5));

    assertThat(node.exitCode()).isZero();
    assertThat(node.output())
        .contains("appliance | nothing on this node has work that it could give to others");
  }

  @Test
  void aNodeWithoutDaemonsYetEndsWhenAllIsDoneThatComesFirst() {
    List<String> order = new CopyOnWriteArrayList<>();
    CountDownLatch finished = new CountDownLatch(1);
    NodeLife life =
        new NodeLife(
            new Console(quiet(), LogFormat.TEXT, Clock.systemUTC()),
            code -> order.add("ends with " + code));
    life.beforeEarlyEnd(
        () -> {
          order.add("tells the group");
          try {
            finished.await();
          } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
          }
        });
    life.drain(Duration.ofMinutes(5));
    life.drain(Duration.ofMinutes(5));
    await().until(() -> !order.isEmpty());
    // Somebody stops it meanwhile.
    life.stop(143);
    finished.countDown();

    await().until(() -> order.size() > 1);
    assertThat(order).containsExactly("tells the group", "ends with 143");
  }

  @Test
  void aTimeThatCantBeCountedIsForEver() throws Exception {
    start(node.daemon("master", GOOD));
    node.supervisor().drain(Duration.ofHours(999_999_999));
    await().until(() -> node.events().contains("retire"));
    done();
    assertThat(node.exitCode()).isZero();
  }

  private void start(ShellNode withOthers) {
    withOthers.daemonThatRetires("worker", WORKS_UNTIL_DONE, "USR1").start();
    await().until(() -> node.supervisor().status().isReady());
  }

  private void done() throws IOException {
    Files.createFile(directory.resolve("done"));
  }

  private static PrintStream quiet() {
    return new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
  }

  /** Always this node's; what it is told stands among the events. */
  private class NotedTurn implements Turn {
    @Override
    public Optional<Missing> missing() {
      return Optional.empty();
    }

    @Override
    public Optional<String> lost() {
      return Optional.empty();
    }

    @Override
    public void serves() {}

    @Override
    public void ceases() {}

    @Override
    public void leave() {
      note("clients are sent away");
    }

    @Override
    public void pass() {
      note("turn is passed");
    }

    private void note(String what) {
      try {
        Files.write(
            node.file("events"),
            List.of(what),
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException unwritable) {
        throw new UncheckedIOException(unwritable);
      }
    }
  }
}
