package io.sparkappliance.supervise;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Where what daemons print is kept. */
public final class DaemonLogs {
  /** What is printed last is shipped last: a part of the time to stop is for that. */
  private static final int PART_OF_THE_GRACE_PERIOD = 10;

  private final Path directory;
  private final Optional<LogShipper> shipper;

  /**
   * @param directory one log file per daemon; must exist
   * @param shipper brings what is logged elsewhere, too; started and ended with the daemons
   */
  public DaemonLogs(Path directory, Optional<LogShipper> shipper) {
    this.directory = directory;
    this.shipper = shipper;
  }

  /** Opens a daemon's log for one of its processes. */
  DaemonLog open(String name, Console console) {
    return new DaemonLog(name, console, directory.resolve(name + ".log"), shipper);
  }

  void start() {
    shipper.ifPresent(LogShipper::start);
  }

  void stopping() {
    shipper.ifPresent(LogShipper::stopping);
  }

  /** Time that daemons can't have when all have to stop within the given time. */
  Duration reserved(Duration gracePeriod) {
    return shipper.isPresent() ? gracePeriod.dividedBy(PART_OF_THE_GRACE_PERIOD) : Duration.ZERO;
  }

  void finish(Duration left) {
    shipper.ifPresent(it -> it.finish(left));
  }
}
