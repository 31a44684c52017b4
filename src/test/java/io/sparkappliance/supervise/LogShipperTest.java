package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.settings.Settings.LogFormat;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogShipperTest {
  private static final Duration ENOUGH = Duration.ofSeconds(30);
  private static final Duration NO_TIME = Duration.ZERO;

  @TempDir Path directory;

  private LogFixture store;

  @BeforeEach
  void prepare() {
    store = new LogFixture(directory.resolve("unshipped"));
  }

  @Test
  void whatWasLoggedIsShippedAtTheEnd() throws Exception {
    LogShipper shipper = store.shipper();
    UnshippedLog log = shipper.logOf("sql");
    log.line("zero");
    shipper.start();
    // The first look of the shipper is over then, and the next is far.
    await().until(() -> store.text("sql").equals("zero\n"));
    log.line("one");
    log.line("");
    log.line("ünïcödé");
    shipper.finish(ENOUGH);

    assertThat(store.pieces("sql")).containsExactly("zero\n", "one\n\nünïcödé\n");
    assertThat(store.objects.keySet())
        .last()
        .asString()
        .matches("shop/node1/sql/\\d{4}-\\d\\d-\\d\\d/\\d{8}T\\d{9}Z-0{15}5-0{14}22\\.log\\.gz");
    assertThat(store.closed).isTrue();
    assertThat(store.said).isEmpty();
    assertThat(store.onDisk()).isZero();
  }

  @Test
  void eachIntervalMakesAPieceOfWhatIsNew() throws Exception {
    store.interval = Duration.ofMillis(20);
    LogShipper shipper = store.shipper();
    shipper.start();
    UnshippedLog log = shipper.logOf("master");
    for (String line : List.of("one", "two", "three")) {
      log.line(line);
      await().until(() -> store.text("master").endsWith(line + "\n"));
    }
    shipper.finish(ENOUGH);

    assertThat(store.pieces("master")).containsExactly("one\n", "two\n", "three\n");
  }

  @Test
  void aFullPieceGoesAtOnceAndNoLineIsTorn() throws Exception {
    store.limits = new UnshippedLog.Limits(100, 100_000);
    LogShipper shipper = store.shipper();
    shipper.start();
    UnshippedLog log = shipper.logOf("worker");
    List<String> lines = lines(log, 1, 200);
    await().until(() -> store.pieces("worker").size() > 5);
    log.line("a line that is longer than a piece may be ".repeat(10));
    shipper.finish(ENOUGH);

    String all = String.join("", lines) + "a line that is longer than a piece may be ".repeat(10);
    assertThat(store.text("worker")).isEqualTo(all + "\n");
    assertThat(store.pieces("worker")).allMatch(piece -> piece.endsWith("\n"));
    assertThat(store.pieces("worker").stream().filter(piece -> piece.length() > 100)).hasSize(1);
    assertRangesFollowEachOther("worker", all.length() + 1);
  }

  @Test
  void aStoreThatIsAwayForAWhileGetsEverything() throws Exception {
    store.interval = Duration.ofMillis(10);
    store.fails("S3 failed (503)", true);
    LogShipper shipper = store.shipper();
    shipper.start();
    UnshippedLog log = shipper.logOf("sql");
    List<String> lines = new ArrayList<>(lines(log, 1, 100));
    await().until(() -> store.attempts.get() > 10);
    lines.addAll(lines(log, 101, 200));
    assertThat(store.said)
        .as("once")
        .containsExactly("warning: logs can't be sent, they wait on disk: S3 failed (503)");
    store.works();
    await().until(() -> store.text("sql").equals(String.join("", lines)));
    shipper.finish(ENOUGH);

    assertThat(store.said).hasSize(2).last().isEqualTo("logs are sent again");
    assertThat(store.pieces("sql"))
        .as("what comes meanwhile becomes no heap of small pieces")
        .hasSizeLessThan(8);
    assertThat(store.text("sql")).isEqualTo(String.join("", lines));
  }

  @Test
  void aHiccupIsNotWorthALine() throws Exception {
    store.fails("S3 failed (503)", true);
    store.pause = Duration.ofMillis(500);
    LogShipper shipper = store.shipper();
    shipper.logOf("sql").line("one");
    shipper.start();
    await().until(() -> store.attempts.get() == 1);
    store.works();
    await().until(() -> store.text("sql").equals("one\n"));
    shipper.finish(ENOUGH);

    assertThat(store.said).isEmpty();
  }

  @Test
  void aRefusalIsToldAtOnceAndOnlyOnce() throws Exception {
    store.fails("S3 refuses access (403). Do something", false);
    LogShipper shipper = store.shipper();
    shipper.logOf("sql").line("one");
    shipper.start();
    await().until(() -> store.attempts.get() > 10);
    shipper.finish(ENOUGH);

    assertThat(store.said)
        .containsExactly(
            "warning: logs can't be sent, they wait on disk: S3 refuses access (403). Do something",
            "warning: "
                + store.onDisk()
                + " bytes of logs were not sent in time and stay in "
                + store.directory
                + ": the next start with this data directory sends them");
  }

  @Test
  void overTheLimitTheOldestGoesWithAWarningThatSaysHowMuch() throws Exception {
    store.limits = new UnshippedLog.Limits(1000, 4000);
    store.fails("S3 can't be reached", true);
    store.pause = Duration.ofMillis(1);
    LogShipper shipper = store.shipper();
    shipper.start();
    UnshippedLog log = shipper.logOf("sql");
    List<String> lines = new ArrayList<>();
    for (int hundred = 0; hundred < 200; hundred++) {
      lines.addAll(lines(log, hundred * 100, hundred * 100 + 99));
      assertThat(log.bytes()).isLessThanOrEqualTo(4000);
    }
    assertThat(store.said.stream().filter(line -> line.contains("lost")))
        .as("once while it lasts")
        .singleElement()
        .asString()
        .matches(
            "warning: \\d+ bytes of the log of sql are lost before they were sent \\(from byte \\d+ on, of"
                + " \\S+Z\\): no more than 4000 bytes of a log wait on disk to be sent; more goes while"
                + " that lasts");
    store.works();
    await().until(() -> !log.isWaiting());
    shipper.finish(ENOUGH);

    String all = String.join("", lines);
    String kept = store.text("sql");
    assertThat(all).endsWith(store.pieces("sql").getLast());
    assertThat(kept.lines().map(line -> line + "\n")).isSubsetOf(lines).doesNotHaveDuplicates();
    assertThat(store.said)
        .contains(
            "warning: in all, %d bytes of the log of sql were lost before they were sent"
                .formatted(all.length() - kept.length()));
  }

  @Test
  void whatThereWasNoTimeForIsShippedByTheNextStart() throws Exception {
    store.fails("S3 failed (503)", true);
    LogShipper first = store.shipper();
    first.start();
    first.logOf("sql").line("one");
    first.logOf("sql").cut();
    first.logOf("sql").line("two");
    first.finish(NO_TIME);
    assertThat(store.objects).isEmpty();
    assertThat(store.said).last().asString().contains("the next start");

    store.works();
    LogShipper second = store.shipper();
    second.start();
    await().until(() -> store.text("sql").equals("one\ntwo\n"));
    second.logOf("sql").line("three");
    second.finish(ENOUGH);
    assertThat(store.text("sql")).isEqualTo("one\ntwo\nthree\n");
    assertRangesFollowEachOther("sql", 14);
  }

  @Test
  void aLauncherThatWasKilledLosesNothing() throws Exception {
    store.fails("S3 failed (503)", true);
    LogShipper killed = store.shipper();
    killed.logOf("sql").line("one");
    killed.logOf("sql").cut();
    killed.logOf("sql").line("two");
    // Until then, files change under the copy.
    await().until(() -> store.attempts.get() > 0);
    LogFixture after = new LogFixture(directory.resolve("as it was at that moment"));
    copy(store.directory, after.directory);
    killed.finish(NO_TIME);

    LogShipper next = after.shipper();
    next.start();
    await().until(() -> after.text("sql").equals("one\ntwo\n"));
    next.finish(ENOUGH);
  }

  @Test
  void whatAnEarlierNodeLeftGoesUnderItsOwnName() throws Exception {
    LogShipper earlier = store.shipper(new LogOwner("shop", "node0"));
    earlier.logOf("sql").line("one");
    Files.createDirectories(store.directory.resolve("shop/.hidden/..x"));

    LogShipper shipper = store.shipper();
    shipper.start();
    await().until(() -> !Files.exists(store.directory.resolve("shop/node0")));
    shipper.finish(ENOUGH);
    assertThat(store.objects.keySet()).singleElement().asString().startsWith("shop/node0/sql/");
  }

  @Test
  void aFolderThatCanNotBeReadIsNamedAndTheOthersAreSent() throws Exception {
    store.shipper(new LogOwner("shop", "node0")).logOf("sql").line("one");
    Path lost = Files.createDirectories(store.directory.resolve("lost+found"));
    Files.setPosixFilePermissions(lost, PosixFilePermissions.fromString("---------"));
    // Root reads everything.
    boolean isUnreadable = !Files.isReadable(lost);
    if (!isUnreadable) {
      LeftLogs logs = new LeftLogs(store.directory, store.said::add);
      assertThat(logs.visitFileFailed(lost, new AccessDeniedException(lost.toString())))
          .isEqualTo(FileVisitResult.CONTINUE);
    }

    LogShipper shipper = store.shipper();
    shipper.start();
    await().until(() -> !Files.exists(store.directory.resolve("shop/node0")));
    shipper.finish(ENOUGH);
    Files.setPosixFilePermissions(lost, PosixFilePermissions.fromString("rwx------"));
    assertThat(store.objects.keySet()).singleElement().asString().startsWith("shop/node0/sql/");
    assertThat(store.said)
        .singleElement()
        .asString()
        .contains(lost + " can't be sent: java.nio.file.AccessDeniedException");
  }

  @Test
  void aFolderOfLogsThatIsBrokenHoldsNoOtherUp() throws Exception {
    store.shipper(new LogOwner("shop", "node0")).logOf("sql").line("one");
    Path broken = store.directory.resolve("shop/node00/sql");
    Files.createDirectories(broken.resolve("x.part/y"));

    LogShipper shipper = store.shipper();
    shipper.start();
    await().until(() -> !Files.exists(store.directory.resolve("shop/node0")));
    shipper.finish(ENOUGH);
    assertThat(store.objects.keySet()).singleElement().asString().startsWith("shop/node0/sql/");
  }

  @Test
  void aPieceWhoseFateIsUnknownIsShippedAgainAsTheSame() throws Exception {
    LogShipper first = store.shipper();
    first.logOf("sql").line("one");
    first.start();
    await().until(() -> !store.objects.isEmpty());
    first.finish(ENOUGH);
    var before = List.copyOf(store.objects.entrySet());
    String name = before.getFirst().getKey().replaceFirst(".*/", "");
    // It was stored, and the launcher died before it could remove the file; packed or not.
    Path place = store.directory.resolve("shop/node1/sql");
    Files.writeString(place.resolve(name.replace(".gz", "")), "one\n");

    LogShipper second = store.shipper();
    second.start();
    await().until(() -> store.attempts.get() == 2);
    second.finish(ENOUGH);
    assertThat(store.objects).hasSize(1);
    assertThat(store.text("sql")).isEqualTo("one\n");
    assertThat(store.objects.values().iterator().next()).isEqualTo(before.getFirst().getValue());
  }

  @Test
  void aCutThatACrashBrokeOffIsFinished() throws Exception {
    Path place = Files.createDirectories(store.directory.resolve("shop/node1/sql"));
    Files.writeString(place.resolve("20260101T000000000Z-0000000000000010.open"), "one\n");
    Files.createFile(place.resolve("20260101T000000000Z-0000000000000014.open"));
    Files.writeString(
        place.resolve("20251231T235959999Z-0000000000000000-0000000000000010.log.gz.part"), "x");
    LogShipper shipper = store.shipper();
    shipper.start();
    shipper.logOf("sql").line("two");
    shipper.finish(ENOUGH);

    assertThat(store.text("sql")).isEqualTo("one\ntwo\n");
    assertThat(store.objects.keySet())
        .contains(
            "shop/node1/sql/2026-01-01/20260101T000000000Z-0000000000000010-0000000000000014.log.gz")
        .anyMatch(name -> name.endsWith("-0000000000000014-0000000000000018.log.gz"));
    assertThat(store.files("sql")).hasSize(1);
  }

  @Test
  void aLineThatAPowerCutBrokeOffIsNotJoinedWithTheNext() throws Exception {
    Path place = Files.createDirectories(store.directory.resolve("shop/node1/sql"));
    Files.writeString(place.resolve("20260101T000000000Z-0000000000000000.open"), "one\ntw");
    LogShipper shipper = store.shipper();
    shipper.logOf("sql").line("three");
    shipper.start();
    shipper.finish(ENOUGH);

    assertThat(store.text("sql")).isEqualTo("one\ntw\nthree\n");
  }

  @Test
  void namesSortEvenWhenTheClockIsPutBack() throws Exception {
    store.clock = at("2026-05-05T10:00:00Z");
    LogShipper first = store.shipper();
    first.logOf("sql").line("one");
    first.finish(ENOUGH);
    store.clock = at("2026-05-05T09:00:00Z");
    LogShipper second = store.shipper();
    second.logOf("sql").line("two");
    second.finish(ENOUGH);
    store.clock = at("2026-05-06T00:00:00Z");
    LogShipper third = store.shipper();
    third.logOf("sql").line("three");
    third.finish(ENOUGH);

    assertThat(store.text("sql")).isEqualTo("one\ntwo\nthree\n");
    assertThat(store.objects.keySet())
        .containsExactly(
            "shop/node1/sql/2026-05-05/20260505T100000000Z-0000000000000000-0000000000000004.log.gz",
            "shop/node1/sql/2026-05-05/20260505T100000000Z-0000000000000004-0000000000000008.log.gz",
            "shop/node1/sql/2026-05-06/20260506T000000000Z-0000000000000008-0000000000000014.log.gz");
  }

  @Test
  void aPieceThatSomebodyRemovedHoldsNothingUp() throws Exception {
    store.fails("S3 failed (503)", true);
    LogShipper shipper = store.shipper();
    UnshippedLog log = shipper.logOf("sql");
    log.line("one");
    log.cut();
    shipper.start();
    await().until(() -> store.attempts.get() > 1);
    for (String name : store.files("sql").stream().filter(it -> it.endsWith(".gz")).toList()) {
      Files.delete(store.directory.resolve("shop/node1/sql").resolve(name));
    }
    log.line("two");
    store.works();
    shipper.finish(ENOUGH);

    assertThat(store.text("sql")).isEqualTo("two\n");
    assertThat(store.said)
        .anyMatch(
            line -> line.contains("4 bytes of the log of sql are lost before they were sent"));
  }

  @Test
  void onlyTheOwnerReadsWhatWaits() throws Exception {
    LogShipper shipper = store.shipper();
    shipper.logOf("sql").line("one");
    assertThat(Files.getPosixFilePermissions(store.directory.resolve("shop/node1/sql")))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    shipper.finish(ENOUGH);
  }

  @Test
  void aPieceEndsWhereTheLogFileDoes() throws Exception {
    Path logs = Files.createDirectories(directory.resolve("logs"));
    try (RandomAccessFile full = new RandomAccessFile(logs.resolve("sql.log").toFile(), "rw")) {
      full.setLength((16L << 20) - 10);
    }
    LogShipper shipper = store.shipper();
    shipper.start();
    Console console = new Console(System.out, LogFormat.TEXT, Clock.systemUTC());
    try (DaemonLog log = new DaemonLogs(logs, Optional.of(shipper)).open("sql", console)) {
      log.line("fits");
      log.line("does not fit");
      // The rest may follow at once: the first look may come after it.
      await().until(() -> store.text("sql").startsWith("fits\n"));
    }
    shipper.finish(ENOUGH);

    assertThat(logs.resolve("sql.log")).hasContent("does not fit");
    assertThat(store.pieces("sql")).containsExactly("fits\n", "does not fit\n");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  private static Clock at(String time) {
    return Clock.fixed(Instant.parse(time), ZoneOffset.UTC);
  }

  private static List<String> lines(UnshippedLog log, int first, int last) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = first; i <= last; i++) {
      String line = "line number " + i;
      log.line(line);
      lines.add(line + "\n");
    }
    return lines;
  }

  /** The names say that nothing is missing, and nothing twice. */
  private void assertRangesFollowEachOther(String role, long end) {
    long expected = 0;
    for (var object : store.objects.entrySet()) {
      assertThat(object.getKey()).startsWith("shop/node1/" + role + "/");
      ChunkName name =
          ChunkName.parse(object.getKey().replaceFirst(".*/", "").replaceFirst("\\.log\\.gz$", ""))
              .orElseThrow();
      assertThat(name.from()).isEqualTo(expected);
      byte[] bytes = LogFixture.unpacked(object.getValue()).getBytes(StandardCharsets.UTF_8);
      assertThat(name.length()).isEqualTo(bytes.length);
      expected = name.to();
    }
    assertThat(expected).isEqualTo(end);
  }
}
