package io.sparkappliance.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What a statement of SQL does that can be seen from outside, called by SQL's function {@code
 * reflect}.
 */
public final class Marks {
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(20);

  private Marks() {}

  /** Adds a line to a file: so often was this run. */
  public static String leave(String file) throws IOException {
    Files.writeString(Path.of(file), "ran\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return "left";
  }

  /** Waits until one of two files is there, or the statement is ended. */
  public static String await(String file, String other) {
    while (!Files.exists(Path.of(file))
        && !Files.exists(Path.of(other))
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(LOOK);
    }
    return "seen";
  }
}
