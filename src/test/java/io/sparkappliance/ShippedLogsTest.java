package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.testing.Gate;
import io.sparkappliance.testing.LogBucket;
import io.sparkappliance.testing.S3MockServer;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher as a process, a real master, and a real S3 server. */
class ShippedLogsTest {
  private static final Duration LONG = Duration.ofMinutes(3);

  @TempDir Path directory;
  @TempDir Path store;

  private RealNode node;

  @AfterEach
  void leaveNothingBehind() {
    if (node != null && node.process() != null) {
      try (Stream<ProcessHandle> tree = node.process().descendants()) {
        List<ProcessHandle> left = tree.toList();
        node.process().destroyForcibly();
        left.forEach(ProcessHandle::destroyForcibly);
      }
    }
  }

  @Test
  void theSignalToStopShipsTheRestAndTheNextStartWhatCouldNotBe() throws Exception {
    try (S3MockServer s3 = S3MockServer.start("logs", store);
        Gate gate = new Gate(s3.endpoint());
        LogBucket bucket = new LogBucket(s3.endpoint(), "logs")) {
      node =
          new RealNode(directory)
              .set("START_MASTER", "true")
              .set("APPLICATION_ID", "shop")
              .set("LOG_DIR", "s3://logs/some/prefix")
              .set("STOP_GRACE_PERIOD", "10s");
      LogBucket.environment(gate.endpoint()).forEach(node::set);
      String folder = "some/prefix/shop/" + InetAddress.getLocalHost().getHostName() + "/master/";
      Path log = directory.resolve("data/logs/master.log");

      runAndStop();
      String first = Files.readString(log);
      assertThat(first).contains("Master").endsWith("\n");
      assertThat(node.output()).contains("bytes of logs were not sent in time and stay in");
      assertThat(bucket.names("")).isEmpty();

      gate.open();
      runAndStop();
      assertThat(Files.readString(log)).startsWith(first).hasSizeGreaterThan(first.length());
      assertThat(bucket.text(folder)).isEqualTo(Files.readString(log));
      assertThat(bucket.pieces(folder)).hasSizeGreaterThan(1).allMatch(one -> one.endsWith("\n"));
      assertThat(node.output()).doesNotContain("not sent", "s3cret-key");
    }
  }

  private void runAndStop() throws Exception {
    node.start();
    await("the node is ready")
        .atMost(LONG)
        .until(() -> node.isReady() || !node.process().isAlive());
    assertThat(node.process().isAlive()).as(node.output()).isTrue();
    node.process().destroy();
    assertThat(node.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(node.process().exitValue()).isEqualTo(143);
  }
}
