package io.sparkappliance.supervise;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Reads what a daemon prints, for as long as it lives: a pipe that nobody reads fills up, and the
 * daemon hangs in the middle of a print.
 */
final class OutputDrain {
  private static final int LAST_LINES = 20;

  /** A daemon that never ends its line must not fill our memory. */
  private static final int LONGEST_LINE = 16 * 1024;

  private static final long LOG_FILE_BYTES = 16L << 20;

  private final String name;
  private final Console console;
  private final Path logFile;
  private final Deque<String> last = new ArrayDeque<>();
  private volatile Optional<Explanation> explanation = Optional.empty();

  OutputDrain(String name, Console console, Path logFile) {
    this.name = name;
    this.console = console;
    this.logFile = logFile;
  }

  /** Starts reading; the returned thread ends with the stream. */
  Thread start(InputStream output) {
    explanation = Optional.empty();
    return Thread.ofPlatform().name("output of " + name).daemon().start(() -> drain(output));
  }

  /** The last lines that were printed, the oldest first. */
  List<String> lastLines() {
    synchronized (last) {
      return List.copyOf(last);
    }
  }

  /** What the process last printed that needs one; said once, when it comes up. */
  Optional<Explanation> explanation() {
    return explanation;
  }

  /** It works: what was printed before explains nothing any more. */
  void works() {
    explanation = Optional.empty();
  }

  private void explain(String line) {
    Optional<Explanation> found = Explanation.of(line);
    if (found.isPresent() && !found.equals(explanation)) {
      explanation = found;
      console.say(name + ": " + found.get().meaning());
    }
  }

  private void drain(InputStream output) {
    LogFile file = open();
    try (InputStream in = new BufferedInputStream(output)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next == '\n' || line.size() >= LONGEST_LINE) {
          file = emit(line, file);
        }
        if (next != '\n' && next != '\r') {
          line.write(next);
        }
      }
      if (line.size() > 0) {
        file = emit(line, file);
      }
    } catch (IOException closed) {
      // The process is gone, and its pipe with it.
    } finally {
      close(file);
    }
  }

  private LogFile emit(ByteArrayOutputStream bytes, LogFile file) {
    String line = bytes.toString(StandardCharsets.UTF_8);
    bytes.reset();
    console.line(name, line);
    explain(line);
    synchronized (last) {
      if (last.size() == LAST_LINES) {
        last.removeFirst();
      }
      last.addLast(line);
    }
    if (file == null) {
      return null;
    }
    try {
      file.line(line);
      return file;
    } catch (IOException diskFull) {
      console.say("the log of " + name + " can't be written any more: " + diskFull.getMessage());
      close(file);
      return null;
    }
  }

  private LogFile open() {
    try {
      return new LogFile(logFile, LOG_FILE_BYTES);
    } catch (IOException unwritable) {
      console.say("no log file for " + name + ": " + unwritable);
      return null;
    }
  }

  private static void close(LogFile file) {
    if (file != null) {
      try {
        file.close();
      } catch (IOException alreadyBroken) {
        // Every line was flushed when it was written.
      }
    }
  }
}
