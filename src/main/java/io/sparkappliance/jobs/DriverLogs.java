package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterDrivers.Driver;
import io.sparkappliance.cluster.ClusterDrivers.LogText;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Copies what a driver writes on its worker into the job's own files, so that it is read there as
 * that of any other job, also when the worker is gone. Byte for byte, so that how far it is follows
 * from the files' lengths.
 */
final class DriverLogs {
  /** Where in the job's files those of its driver begin. */
  static final String POSITIONS = "drivers";

  /** Where a driver tells of itself. */
  private static final String NOTE = "out";

  private static final int PIECE = 256 << 10;

  /** Of one stream at one look: a program that writes fast must not keep its watcher from it. */
  private static final int MOST_PIECES = 16;

  private static final int LONGEST_CHARACTER = 4;

  /** How far a look came. */
  enum Copied {
    /** All that the driver has written until now, or may leave behind. */
    ALL,
    /** A part; there is more. */
    SOME,
    /** It can't be read now. */
    NONE
  }

  private final Path directory;
  private final Drivers drivers;
  private final long limit;

  /**
   * Into a job's directory.
   *
   * @param limit bytes that a job may leave behind; copying ends soon after it
   */
  DriverLogs(Path directory, Drivers drivers, long limit) {
    this.directory = directory;
    this.drivers = drivers;
    this.limit = limit;
  }

  /**
   * Adds a line of the gateway's own to the job's log; before anything of a new driver, for what
   * comes between would count as its.
   *
   * @throws IOException when it can't be written
   */
  void say(String line) throws IOException {
    append(
        directory.resolve(ApplicationRunner.DRIVER_LOG),
        (line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Copies what is new.
   *
   * @param driver which has a worker
   * @throws IOException when it can't be written
   */
  Copied copy(Driver driver) throws IOException {
    Begin begin = lastBegin().filter(known -> known.driver().equals(driver.id())).orElse(null);
    if (begin == null) {
      begin = begin(driver);
    }
    Copied output = copy(driver, "stdout", ApplicationRunner.OUTPUT, begin.output());
    Copied log = copy(driver, "stderr", ApplicationRunner.DRIVER_LOG, begin.log());
    return output.compareTo(log) > 0 ? output : log;
  }

  /**
   * Copies what a driver tells of its application, for {@link ApplicationNotes}.
   *
   * @param driver which has a worker
   * @return false: it has not told yet, or can't be asked now
   * @throws IOException when it can't be written
   */
  boolean copyNote(Driver driver) throws IOException {
    Optional<String> note =
        drivers
            .log(driver, NOTE, 0, ApplicationNotes.MAX_BYTES)
            .map(LogText::text)
            .filter(text -> !text.isEmpty());
    if (note.isPresent()) {
      AtomicFiles.write(directory.resolve(ApplicationNotes.FILE), note.get(), "rw-------");
    }
    return note.isPresent();
  }

  /**
   * Where in the job's files those of a driver begin.
   *
   * @param driver its id
   * @param output in bytes
   * @param log in bytes
   */
  private record Begin(String driver, long output, long log) {
    private static final Pattern LINE = Pattern.compile("(\\S+) (\\d{1,18}) (\\d{1,18})\n");

    String line() {
      return "%s %d %d\n".formatted(driver, output, log);
    }

    /** The last one of a file; a line that a crash has cut off is none. */
    static Optional<Begin> last(String text) {
      return LINE.matcher(text)
          .results()
          .reduce((_, later) -> later)
          .map(
              line ->
                  new Begin(
                      line.group(1), Long.parseLong(line.group(2)), Long.parseLong(line.group(3))));
    }
  }

  private Begin begin(Driver driver) throws IOException {
    say("driver " + driver.id() + " runs on " + driver.worker().orElseThrow().id());
    Begin begin =
        new Begin(
            driver.id(),
            length(directory.resolve(ApplicationRunner.OUTPUT)),
            length(directory.resolve(ApplicationRunner.DRIVER_LOG)));
    // Behind those before it: what only grows can be followed by others.
    append(directory.resolve(POSITIONS), begin.line().getBytes(StandardCharsets.UTF_8));
    return begin;
  }

  private Optional<Begin> lastBegin() throws IOException {
    try {
      return Begin.last(Files.readString(directory.resolve(POSITIONS)));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }

  private Copied copy(Driver driver, String stream, String name, long begin) throws IOException {
    Path file = directory.resolve(name);
    for (int i = 0; i < MOST_PIECES; i++) {
      long length = length(file);
      if (length > limit) {
        return Copied.ALL;
      }
      long offset = Math.max(0, length - begin);
      LogText piece = drivers.log(driver, stream, offset, PIECE).orElse(null);
      if (piece == null || piece.begin() != offset) {
        return Copied.NONE;
      }
      if (piece.end() <= piece.begin()) {
        return Copied.ALL;
      }
      append(file, bytes(whole(driver, stream, piece)));
    }
    return Copied.SOME;
  }

  /** A part whose end cuts no character in two, where there is one. */
  private LogText whole(Driver driver, String stream, LogText piece) {
    if (isExact(piece)) {
      return piece;
    }
    for (int less = 1; less < LONGEST_CHARACTER; less++) {
      int length = (int) (piece.end() - piece.begin()) - less;
      LogText shorter =
          length < 1 ? piece : drivers.log(driver, stream, piece.begin(), length).orElse(piece);
      if (shorter.begin() == piece.begin() && shorter.end() > shorter.begin() && isExact(shorter)) {
        return shorter;
      }
    }
    return piece;
  }

  private static boolean isExact(LogText piece) {
    return piece.text().getBytes(StandardCharsets.UTF_8).length == piece.end() - piece.begin();
  }

  /** As many as the part has: what is no text is not known, but how long it is. */
  private static byte[] bytes(LogText piece) {
    byte[] bytes = piece.text().getBytes(StandardCharsets.UTF_8);
    int length = (int) (piece.end() - piece.begin());
    if (bytes.length == length) {
      return bytes;
    }
    byte[] readable = piece.text().replace('\uFFFD', '?').getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(readable, length);
    if (readable.length < length) {
      Arrays.fill(padded, readable.length, length, (byte) '?');
    }
    return padded;
  }

  private static long length(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException notBegun) {
      return 0;
    }
  }

  private static void append(Path file, byte[] bytes) throws IOException {
    try (OutputStream out =
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      out.write(bytes);
    }
  }
}
