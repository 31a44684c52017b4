package io.sparkappliance.supervise;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A daemon's log while one of its processes runs: a file, and what waits to be shipped. A trouble
 * with one of them is said, and is no trouble for anything else.
 */
final class DaemonLog implements AutoCloseable {
  private static final long LOG_FILE_BYTES = 16L << 20;

  private final String name;
  private final Console console;
  private Optional<LogFile> file;
  private final Optional<UnshippedLog> unshipped;
  private boolean shipmentsMissLines;

  DaemonLog(String name, Console console, Path path, Optional<LogShipper> shipper) {
    this.name = name;
    this.console = console;
    this.unshipped = shipper.flatMap(this::unshipped);
    this.file = file(path);
  }

  private Optional<UnshippedLog> unshipped(LogShipper shipper) {
    try {
      return Optional.of(shipper.logOf(name));
    } catch (IOException unwritable) {
      console.say("warning: the log of " + name + " is not sent: " + unwritable);
      return Optional.empty();
    }
  }

  private Optional<LogFile> file(Path path) {
    try {
      return Optional.of(new LogFile(path, LOG_FILE_BYTES, this::cut));
    } catch (IOException unwritable) {
      console.say("no log file for " + name + ": " + unwritable);
      return Optional.empty();
    }
  }

  /** No piece has lines of two files. */
  private void cut() {
    unshipped.ifPresent(
        it -> {
          try {
            it.cut();
          } catch (IOException notNow) {
            // The piece goes on, and says so itself when it can't.
          }
        });
  }

  void line(String text) {
    try {
      if (file.isPresent()) {
        file.get().line(text);
      }
    } catch (IOException diskFull) {
      console.say("the log of " + name + " can't be written any more: " + diskFull.getMessage());
      close();
      file = Optional.empty();
    }
    try {
      if (unshipped.isPresent()) {
        unshipped.get().line(text);
        shipmentsMissLines = false;
      }
    } catch (IOException diskFull) {
      if (!shipmentsMissLines) {
        shipmentsMissLines = true;
        console.say(
            "warning: lines of %s are missing in what is sent, they can't be kept until then: %s"
                .formatted(name, diskFull.getMessage()));
      }
    }
  }

  @Override
  public void close() {
    try {
      if (file.isPresent()) {
        file.get().close();
      }
    } catch (IOException alreadyBroken) {
      // Every line was flushed when it was written.
    }
  }
}
