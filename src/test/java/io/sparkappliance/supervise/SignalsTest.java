package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real signals to a real JVM, which supervises real processes. */
class SignalsTest {
  private static final long WAIT_SECONDS = 30;

  @TempDir Path directory;

  private Process node;
  private List<ProcessHandle> children = List.of();

  @AfterEach
  void leaveNothingBehind() {
    children.forEach(ProcessHandle::destroyForcibly);
    if (node != null) {
      node.destroyForcibly();
    }
  }

  @Test
  void theFirstSignalStopsInOrder() throws Exception {
    start(ShellNode.GOOD);
    node.destroy();

    assertEndsWith(143);
    assertThat(Files.readAllLines(directory.resolve("events"))).contains("stop daemon");
  }

  @Test
  void controlCStopsTheSameWay() throws Exception {
    start(ShellNode.GOOD);
    signal("INT");

    assertEndsWith(130);
    assertThat(Files.readAllLines(directory.resolve("events"))).contains("stop daemon");
  }

  @Test
  void theSecondSignalKills() throws Exception {
    start(
        "trap 'touch told' TERM; sleep 1000 & echo $! >daemon.child; touch daemon.ready\n"
            + "while :; do wait; sleep 0.1; done");
    node.destroy();
    await().until(() -> Files.exists(directory.resolve("told")));
    assertThat(node.isAlive()).isTrue();
    node.destroy();

    assertEndsWith(143);
  }

  @Test
  void aNodeThatStillPreparesEndsAtOnceWithWhatItStarted() throws Exception {
    start();
    node.destroy();

    assertEndsWith(143);
    assertThat(Files.readString(directory.resolve("output"))).contains("stops before a daemon");
  }

  private void start(String... script) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                // A shell's background jobs, this test run perhaps, ignore it, and so do their
                // children.
                "env",
                "--default-signal=INT",
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SignalledNode.class.getName(),
                directory.toString()));
    command.addAll(List.of(script));
    node =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    await()
        .atMost(Duration.ofSeconds(WAIT_SECONDS))
        .until(() -> Files.readString(directory.resolve("output")).contains("ready"));
    try (Stream<ProcessHandle> tree = node.descendants()) {
      children = tree.toList();
    }
    assertThat(children).isNotEmpty();
  }

  private void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(node.pid())).start().waitFor();
  }

  private void assertEndsWith(int code) throws Exception {
    assertThat(node.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(node.exitValue()).isEqualTo(code);
    await().until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    assertThat(Files.readString(directory.resolve("output"))).doesNotContain("Exception");
  }
}
