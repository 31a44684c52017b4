package io.sparkappliance.supervise;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;

/** A store in memory, which can be away, and a shipper that brings logs there. */
final class LogFixture implements LogStore {
  static final LogOwner OWNER = new LogOwner("shop", "node1");

  /** What is stored, as it came, by its name. */
  final Map<String, byte[]> objects = new ConcurrentSkipListMap<>();

  final List<String> said = new CopyOnWriteArrayList<>();
  final AtomicInteger attempts = new AtomicInteger();
  final Path directory;
  UnshippedLog.Limits limits = UnshippedLog.Limits.DEFAULT;
  Duration interval = Duration.ofHours(1);
  Duration pause = Duration.ofMillis(5);
  Clock clock = Clock.systemUTC();
  volatile Optional<ShipmentFailure> failure = Optional.empty();
  volatile boolean closed;

  LogFixture(Path directory) {
    this.directory = directory;
  }

  LogShipper shipper() throws IOException {
    return shipper(OWNER);
  }

  LogShipper shipper(LogOwner owner) throws IOException {
    Backoff backoff = new Backoff(pause, pause, () -> 0);
    return new LogShipper(directory, owner, this, interval, said::add, limits, backoff, clock);
  }

  void fails(String message, boolean temporary) {
    failure = Optional.of(new ShipmentFailure(message, temporary, null));
  }

  void works() {
    failure = Optional.empty();
  }

  @Override
  public void put(String name, Path file) throws ShipmentFailure {
    attempts.incrementAndGet();
    if (failure.isPresent()) {
      throw failure.get();
    }
    try {
      objects.put(name, Files.readAllBytes(file));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  /** All pieces of a role, one behind the other in the order of their names, as one file. */
  String text(String role) {
    return String.join("", pieces(role));
  }

  List<String> pieces(String role) {
    return objects.entrySet().stream()
        .filter(object -> object.getKey().startsWith("shop/node1/" + role + "/"))
        .map(object -> unpacked(object.getValue()))
        .toList();
  }

  static String unpacked(byte[] packed) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      in.transferTo(out);
      return out.toString(StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** Bytes of everything that waits on disk. */
  long onDisk() throws IOException {
    try (var files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  /** Names of the files that wait for a role. */
  List<String> files(String role) throws IOException {
    try (var files = Files.list(directory.resolve(OWNER.place(role)))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
