package io.sparkappliance.supervise;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * What a role has logged and the store does not have yet, as files of a directory: one that is
 * being written, and finished pieces, oldest first. The files' names are all there is to remember:
 * each step is one move, so that a start after a crash goes on where the last one was.
 *
 * <p>Lines come from the thread that reads the daemon's output, pieces go by the shipper's.
 */
final class UnshippedLog {
  /** Being written; its name says where it begins. */
  private static final String OPEN = ".open";

  private static final String FINISHED = ".log";
  static final String PACKED = ".log.gz";
  private static final String PARTIAL = ".part";

  /**
   * How much may wait.
   *
   * @param chunkBytes of lines in one piece
   * @param maxBytes on disk, of all that waits; a multiple of the above
   */
  record Limits(long chunkBytes, long maxBytes) {
    /** As much as the log files themselves; packed, it is some ten times as many lines. */
    static final Limits DEFAULT = new Limits(16L << 20, 64L << 20);
  }

  private final Path directory;
  private final String place;
  private final Limits limits;
  private final Clock clock;
  private final Consumer<String> say;
  private final Runnable whenCut;

  private final List<LogChunk> waiting = new ArrayList<>();
  private long waitingBytes;

  /** It is being read: it must not go. */
  private LogChunk busy;

  private RandomAccessFile current;
  private Path currentFile;

  /** When the first line of the current file was written; of the one before, when it has none. */
  private Instant since;

  private long from;
  private long size;

  private long lost;
  private long lostAndSaid;

  /**
   * Goes on with what is there.
   *
   * @param directory of this log alone; made when it is missing
   * @param place where its pieces go in the store
   * @param say gets what people have to know
   * @param whenCut called when there is something to ship
   * @throws IOException when the directory can't be read and written
   */
  UnshippedLog(
      Path directory,
      String place,
      Limits limits,
      Clock clock,
      Consumer<String> say,
      Runnable whenCut)
      throws IOException {
    this.directory = directory;
    this.place = place;
    this.limits = limits;
    this.clock = clock;
    this.say = say;
    this.whenCut = whenCut;
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    goOn();
  }

  private void goOn() throws IOException {
    List<Path> open = new ArrayList<>();
    for (Path file : files()) {
      String name = file.getFileName().toString();
      if (name.endsWith(PARTIAL)) {
        Files.delete(file);
      } else if (name.endsWith(OPEN)) {
        open.add(file);
      } else if (name.endsWith(PACKED)) {
        add(file, PACKED);
      } else if (name.endsWith(FINISHED)) {
        if (Files.exists(packed(file))) {
          Files.delete(file);
        } else {
          add(file, FINISHED);
        }
      }
    }
    for (Path file : open) {
      if (current != null) {
        finishEarlier();
      }
      continueWith(file);
    }
    if (current == null) {
      since = waiting.isEmpty() ? Instant.EPOCH : waiting.getLast().name().begin();
      from = waiting.isEmpty() ? 0 : waiting.getLast().name().to();
      currentFile = openFile();
      current = new RandomAccessFile(currentFile.toFile(), "rw");
    }
    makeRoom(0);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void add(Path file, String ending) throws IOException {
    String name = file.getFileName().toString();
    Optional<ChunkName> chunk = ChunkName.parse(name.substring(0, name.length() - ending.length()));
    if (chunk.isPresent()) {
      keep(new LogChunk(chunk.get(), file, Files.size(file), ending.equals(PACKED)));
    }
  }

  private void keep(LogChunk chunk) {
    waiting.add(chunk);
    waitingBytes += chunk.bytes();
  }

  private void continueWith(Path file) throws IOException {
    String name = file.getFileName().toString();
    Optional<ChunkName> begin = ChunkName.parse(name.substring(0, name.length() - OPEN.length()));
    if (begin.isEmpty()) {
      return;
    }
    since = begin.get().begin();
    from = begin.get().from();
    currentFile = file;
    current = new RandomAccessFile(file.toFile(), "rw");
    size = current.length();
    if (size > 0) {
      current.seek(size - 1);
      if (current.read() != '\n') {
        // The power went in the middle of a line: the next one begins anew.
        current.write('\n');
        size++;
      }
    }
  }

  /** The last run ended between two steps of a cut. */
  private void finishEarlier() throws IOException {
    current.close();
    if (size == 0) {
      Files.delete(currentFile);
      return;
    }
    ChunkName name = new ChunkName(since, from, from + size);
    Path file = directory.resolve(name + FINISHED);
    Files.move(currentFile, file, StandardCopyOption.ATOMIC_MOVE);
    keep(new LogChunk(name, file, size, false));
    size = 0;
  }

  private Path openFile() {
    return directory.resolve(new ChunkName(since, from, from).unfinished() + OPEN);
  }

  private static Path packed(Path file) {
    return file.resolveSibling(file.getFileName() + PACKED.substring(FINISHED.length()));
  }

  /**
   * Keeps a line until it is shipped. The oldest pieces go where more would wait than may.
   *
   * @throws IOException when it can't be written: it is then not kept, and no part of it
   */
  synchronized void line(String text) throws IOException {
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    if (size > 0 && size + bytes.length > limits.chunkBytes()) {
      try {
        cut();
      } catch (IOException noNewFileNow) {
        // The open one takes this line, too; the next line tries again.
      }
    }
    makeRoom(bytes.length);
    if (size == 0) {
      begin();
    }
    try {
      current.write(bytes);
      size += bytes.length;
    } catch (IOException e) {
      current.setLength(size);
      current.seek(size);
      throw e;
    }
  }

  private void begin() throws IOException {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    if (now.isAfter(since)) {
      since = now;
    }
    Path named = openFile();
    Files.move(currentFile, named, StandardCopyOption.ATOMIC_MOVE);
    currentFile = named;
  }

  /**
   * Finishes the piece that is being written, if it has a line.
   *
   * @throws IOException when that can't be done now; lines then go on where they went
   */
  synchronized void cut() throws IOException {
    if (size == 0) {
      return;
    }
    ChunkName name = new ChunkName(since, from, from + size);
    Path finished = directory.resolve(name + FINISHED);
    Path next = directory.resolve(new ChunkName(since, name.to(), name.to()).unfinished() + OPEN);
    // First the new one: there is always one that knows how far the log is.
    RandomAccessFile fresh = new RandomAccessFile(next.toFile(), "rw");
    try {
      Files.move(currentFile, finished, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      fresh.close();
      Files.deleteIfExists(next);
      throw e;
    }
    current.close();
    current = fresh;
    currentFile = next;
    keep(new LogChunk(name, finished, size, false));
    from = name.to();
    size = 0;
    whenCut.run();
  }

  /** The one that is being packed is there twice for a while. */
  private long onDisk() {
    long twice = busy != null && !busy.packed() ? busy.bytes() : 0;
    return waitingBytes + twice + size;
  }

  private void makeRoom(long bytes) throws IOException {
    while (onDisk() + bytes > limits.maxBytes()) {
      Optional<LogChunk> oldest = waiting.stream().filter(chunk -> !chunk.equals(busy)).findFirst();
      if (oldest.isEmpty()) {
        return;
      }
      Files.deleteIfExists(oldest.get().file());
      loses(
          oldest.get(),
          "no more than %d bytes of a log wait on disk to be sent; more goes while that lasts"
              .formatted(limits.maxBytes()));
    }
  }

  private void loses(LogChunk chunk, String why) {
    forget(chunk);
    lost += chunk.name().length();
    if (lostAndSaid == 0) {
      lostAndSaid = lost;
      say.accept(
          "warning: %d bytes of the log of %s are lost before they were sent (from byte %d on, of %s): %s"
              .formatted(
                  chunk.name().length(), role(), chunk.name().from(), chunk.name().begin(), why));
    }
  }

  /** Says how much was lost in all, unless that was said. */
  synchronized void tellLosses() {
    if (lost > lostAndSaid) {
      say.accept(
          "warning: in all, %d bytes of the log of %s were lost before they were sent"
              .formatted(lost, role()));
    }
    lost = 0;
    lostAndSaid = 0;
  }

  private String role() {
    return place.substring(place.lastIndexOf('/') + 1);
  }

  private void forget(LogChunk chunk) {
    if (waiting.remove(chunk)) {
      waitingBytes -= chunk.bytes();
    }
  }

  /** Whether finished pieces wait. */
  synchronized boolean isWaiting() {
    return !waiting.isEmpty();
  }

  /** Bytes on disk that are not shipped. */
  synchronized long bytes() {
    return waitingBytes + size;
  }

  /** The piece to ship next, unless it has to be packed first. */
  synchronized Optional<LogChunk> next() {
    return waiting.stream().findFirst().filter(LogChunk::packed);
  }

  /** The full name of a piece in the store. */
  String nameOf(LogChunk chunk) {
    return place + "/" + chunk.name().date() + "/" + chunk.name() + PACKED;
  }

  /**
   * Holds a piece, so that it does not go while it is read.
   *
   * @return whether it is still there
   */
  synchronized boolean hold(LogChunk chunk) throws IOException {
    if (!waiting.contains(chunk)) {
      return false;
    }
    busy = chunk;
    if (Files.exists(chunk.file())) {
      makeRoom(0);
      return true;
    }
    release();
    loses(chunk, "somebody has removed " + chunk.file());
    return false;
  }

  /** It may go now. */
  synchronized void release() {
    busy = null;
  }

  /** The store has it. */
  synchronized void shipped(LogChunk chunk) throws IOException {
    release();
    forget(chunk);
    Files.deleteIfExists(chunk.file());
  }

  /**
   * Compresses what waits.
   *
   * @throws IOException when one of them can't be; it then waits as it is
   */
  void pack() throws IOException {
    for (Optional<LogChunk> next = unpacked(); next.isPresent(); next = unpacked()) {
      if (hold(next.get())) {
        try {
          packed(next.get(), packed(next.get()));
        } finally {
          release();
        }
      }
    }
  }

  private synchronized Optional<LogChunk> unpacked() {
    return waiting.stream().filter(chunk -> !chunk.packed()).findFirst();
  }

  private synchronized void packed(LogChunk before, LogChunk after) throws IOException {
    waiting.set(waiting.indexOf(before), after);
    waitingBytes += after.bytes() - before.bytes();
    Files.deleteIfExists(before.file());
  }

  /** The same bytes whenever it is done: a piece that is shipped twice is one piece. */
  private static LogChunk packed(LogChunk chunk) throws IOException {
    Path target = packed(chunk.file());
    Path partial = target.resolveSibling(target.getFileName() + PARTIAL);
    try {
      try (InputStream in = Files.newInputStream(chunk.file());
          FileOutputStream file = new FileOutputStream(partial.toFile());
          GZIPOutputStream out = new GZIPOutputStream(file, 64 * 1024)) {
        in.transferTo(out);
        out.finish();
        file.getFD().sync();
      }
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
    return new LogChunk(chunk.name(), target, Files.size(target), true);
  }

  /**
   * Removes the directory if everything is shipped, and that of its node with the last one: for a
   * log that nobody writes any more.
   *
   * @return whether it is gone
   */
  synchronized boolean removeIfDone() throws IOException {
    if (!waiting.isEmpty() || size > 0) {
      return false;
    }
    current.close();
    Files.deleteIfExists(currentFile);
    try {
      Files.deleteIfExists(directory);
      Files.deleteIfExists(directory.getParent());
    } catch (DirectoryNotEmptyException othersAreThere) {
      // They are not ours, or go later.
    }
    return true;
  }
}
