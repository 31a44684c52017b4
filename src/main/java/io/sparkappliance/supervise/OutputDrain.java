package io.sparkappliance.supervise;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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

  private final String name;
  private final Console console;
  private final DaemonLogs logs;
  private final Deque<String> last = new ArrayDeque<>();
  private volatile Optional<Explanation> explanation = Optional.empty();
  private volatile Optional<Thread> reading = Optional.empty();

  OutputDrain(String name, Console console, DaemonLogs logs) {
    this.name = name;
    this.console = console;
    this.logs = logs;
  }

  /** Starts reading; the returned thread ends with the stream. */
  Thread start(InputStream output) {
    explanation = Optional.empty();
    Thread thread =
        Thread.ofPlatform().name("output of " + name).daemon().start(() -> drain(output));
    reading = Optional.of(thread);
    return thread;
  }

  /** Waits until all is read that a process has printed that ended; for no longer than that. */
  void awaitEnd(Duration longest) {
    try {
      if (reading.isPresent()) {
        reading.get().join(longest);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
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
    try (DaemonLog log = logs.open(name, console);
        InputStream in = new BufferedInputStream(output)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next == '\n' || line.size() >= LONGEST_LINE) {
          emit(line, log);
        }
        if (next != '\n' && next != '\r') {
          line.write(next);
        }
      }
      if (line.size() > 0) {
        emit(line, log);
      }
    } catch (IOException closed) {
      // The process is gone, and its pipe with it.
    }
  }

  private void emit(ByteArrayOutputStream bytes, DaemonLog log) {
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
    log.line(line);
  }
}
