package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.S3Folder;
import io.sparkappliance.testing.Gate;
import io.sparkappliance.testing.LogBucket;
import io.sparkappliance.testing.S3MockServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Daemons are real processes here, and so is S3, behind a gate that can be shut. */
class LogsInS3Test {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final UnshippedLog.Limits SMALL = new UnshippedLog.Limits(10_000, 40_000);

  /** More than a test writes: a store that is slow for a moment loses nothing. */
  private static final UnshippedLog.Limits ENOUGH = new UnshippedLog.Limits(10_000, 1_000_000);

  private static S3MockServer s3;
  private static LogBucket bucket;

  @TempDir Path directory;

  private final List<String> said = new CopyOnWriteArrayList<>();
  private Gate gate;
  private ShellNode node;
  private String prefix;

  @BeforeAll
  static void startS3(@TempDir Path store) throws IOException {
    // The SDK's chain looks at it first.
    System.setProperty("aws.region", "eu-central-1");
    s3 = S3MockServer.start("logs", store);
    bucket = new LogBucket(s3.endpoint(), "logs");
  }

  @AfterAll
  static void stopS3() {
    System.clearProperty("aws.region");
    bucket.close();
    s3.close();
  }

  @BeforeEach
  void prepare(TestInfo test) {
    gate = new Gate(s3.endpoint());
    node = new ShellNode(directory);
    prefix = "of/" + test.getTestMethod().orElseThrow().getName();
  }

  @AfterEach
  void leaveNothingBehind() throws Exception {
    node.end();
    gate.close();
  }

  @Test
  void thePiecesOfALogAreTheLog() throws Exception {
    gate.open();
    node.shipper = Optional.of(shipper(Duration.ofSeconds(1), ENOUGH));
    node.daemon(
            "sql",
            """
            trap 'echo "the last words, ünïcödé"; exit 0' TERM
            i=0; while [ $i -lt 2000 ]; do echo "line number $i"; i=$((i+1)); done
            touch $0.ready
            while :; do sleep 0.05; echo tick; done
            """)
        .daemon("worker", "touch $0.ready; echo a worker; exec sleep 1000")
        .start();
    await().atMost(LONG).until(() -> bucket.names(folder("sql")).size() > 4);
    await()
        .atMost(LONG)
        .until(() -> bucket.pieces(folder("sql")).getLast().lines().allMatch("tick"::equals));
    node.supervisor().stop(143);
    assertThat(node.exitCode()).isEqualTo(143);

    assertThat(bucket.text(folder("sql")))
        .endsWith("the last words, ünïcödé\n")
        .isEqualTo(Files.readString(node.file("sql.log")));
    assertThat(bucket.text(folder("worker"))).isEqualTo("a worker\n");
    assertThat(bucket.pieces(folder("sql")))
        .allMatch(piece -> piece.endsWith("\n") && piece.length() <= 10_000)
        .anyMatch(piece -> piece.length() > 9_900)
        .anyMatch(piece -> piece.startsWith("tick\n"));
    assertThat(bucket.names(folder("sql")))
        .allMatch(
            name ->
                name.matches(
                    prefix
                        + "/shop/node1/sql/\\d{4}-\\d\\d-\\d\\d/\\d{8}T\\d{9}Z-\\d{16}-\\d{16}\\.log\\.gz"));
    assertThat(said).isEmpty();
  }

  @Test
  void whileS3IsAwayNothingIsLostWithinTheLimit() throws Exception {
    node.shipper = Optional.of(shipper(Duration.ofMillis(100)));
    node.daemon(
            "sql",
            """
            trap 'echo the last words; exit 0' TERM
            touch $0.ready
            i=0; while :; do echo "line number $i"; i=$((i+1)); sleep 0.02; done
            """)
        .start();
    gate.open();
    await().atMost(LONG).until(() -> bucket.names(folder("sql")).size() > 1);
    gate.shut();
    int before = gate.refused();
    await().atMost(LONG).until(() -> gate.refused() > before + 5);
    gate.open();
    int then = bucket.names(folder("sql")).size();
    await().atMost(LONG).until(() -> bucket.names(folder("sql")).size() > then + 1);
    node.supervisor().stop(143);
    assertThat(node.exitCode()).isEqualTo(143);

    assertThat(bucket.text(folder("sql")))
        .endsWith("the last words\n")
        .isEqualTo(Files.readString(node.file("sql.log")));
    assertThat(said).hasSize(2).last().isEqualTo("logs are sent again");
    assertThat(said.getFirst())
        .startsWith("warning: logs can't be sent, they wait on disk: S3 ")
        .doesNotContain("s3cret-key", "AKIATEST");
  }

  @Test
  void overTheLimitTheOldestGoesAndTheDiskStaysBounded() throws Exception {
    LogShipper shipper = shipper(Duration.ofMillis(100));
    shipper.start();
    UnshippedLog log = shipper.logOf("sql");
    // Words that don't get smaller when they are packed.
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      log.line(i + " " + Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong()));
      assertThat(onDisk()).isLessThanOrEqualTo(SMALL.maxBytes());
    }
    assertThat(said).filteredOn(line -> line.contains("lost before they were sent")).hasSize(1);
    gate.open();
    await().atMost(LONG).until(() -> !log.isWaiting());
    shipper.finish(LONG);

    List<String> shipped = bucket.text(folder("sql")).lines().toList();
    assertThat(shipped).last().asString().startsWith("1999 ");
    assertThat(shipped.stream().map(line -> Integer.valueOf(line.replaceFirst(" .*", ""))))
        .isSorted()
        .doesNotHaveDuplicates()
        .hasSizeBetween(300, 1999);
    assertThat(said)
        .filteredOn(
            line -> line.matches("warning: in all, \\d+ bytes of the log of sql were lost.*"))
        .hasSize(1);
  }

  @Test
  void theNextStartShipsWhatThereWasNoTimeFor() throws Exception {
    node.gracePeriod = Duration.ofSeconds(2);
    node.shipper = Optional.of(shipper(Duration.ofMinutes(5)));
    node.daemon("sql", "echo one; touch $0.ready; exec sleep 1000").start();
    await().until(() -> node.state("sql") == State.READY);
    node.supervisor().stop(143);
    assertThat(node.exitCode()).isEqualTo(143);
    assertThat(bucket.names(prefix)).isEmpty();
    assertThat(said).last().asString().contains("the next start with this data directory sends");

    gate.open();
    ShellNode next = new ShellNode(directory);
    next.shipper = Optional.of(shipper(Duration.ofMinutes(5)));
    next.daemon("worker", "touch $0.ready; exec sleep 1000").start();
    try {
      await().atMost(LONG).until(() -> bucket.text(folder("sql")).equals("one\n"));
    } finally {
      next.end();
    }
  }

  private long onDisk() throws IOException {
    try (var files = Files.walk(directory.resolve("unshipped"))) {
      return files.map(Path::toFile).filter(File::isFile).mapToLong(File::length).sum();
    } catch (UncheckedIOException movedMeanwhile) {
      return 0;
    }
  }

  private String folder(String role) {
    return prefix + "/shop/node1/" + role + "/";
  }

  private LogShipper shipper(Duration interval) throws IOException {
    return shipper(interval, SMALL);
  }

  private LogShipper shipper(Duration interval, UnshippedLog.Limits limits) throws IOException {
    S3Folder folder =
        S3Folder.of(
            "LOG_DIR",
            "s3://logs/" + prefix,
            LogBucket.environment(gate.endpoint()),
            Duration.ofSeconds(20));
    Duration pause = Duration.ofMillis(50);
    return new LogShipper(
        directory.resolve("unshipped"),
        LogFixture.OWNER,
        new Store(folder),
        interval,
        said::add,
        limits,
        new Backoff(pause, pause, () -> 0),
        Clock.systemUTC());
  }

  private record Store(S3Folder folder) implements LogStore {
    @Override
    public void put(String name, Path file) throws ShipmentFailure {
      try {
        folder.put(name, file);
      } catch (FetchFailure failure) {
        throw new ShipmentFailure(failure.getMessage(), failure.isTemporary(), failure);
      }
    }

    @Override
    public void close() {
      folder.close();
    }
  }
}
