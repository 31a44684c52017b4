package io.sparkappliance.gateway;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.h2.api.Trigger;

/**
 * A trigger in the records of a single gateway: for as long as a file is there, jobs that are about
 * to run, or have just ended, are not written down as such when their names say so.
 */
public final class HeldRecord implements Trigger {
  /** System property of the gateway: a folder with a file {@code hold}. */
  static final String FOLDER = "held.records";

  private static final int STATE = 3;
  private static final int NAME = 4;
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(20);

  @Override
  public void fire(Connection connection, Object[] before, Object[] after) {
    String name = String.valueOf(after[NAME]);
    String state = String.valueOf(after[STATE]);
    boolean starts = name.startsWith("starting") && state.equals("RUNNING");
    boolean ends = name.startsWith("ended") && state.equals("SUCCEEDED");
    if (starts || ends) {
      Path folder = Path.of(System.getProperty(FOLDER));
      while (Files.exists(folder.resolve("hold"))) {
        LockSupport.parkNanos(LOOK);
      }
    }
  }
}
