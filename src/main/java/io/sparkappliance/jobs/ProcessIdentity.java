package io.sparkappliance.jobs;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A process that can be recognised again by another process, later. The number alone would not do:
 * the system gives it to somebody else once the process is gone.
 *
 * @param pid process id
 * @param started when the system says that it started
 */
record ProcessIdentity(long pid, Instant started) {
  /** The system derives start times from the wall clock, which may have been set since. */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  /** Takes down a live process; empty when it is gone already. */
  static Optional<ProcessIdentity> of(ProcessHandle handle) {
    return handle.info().startInstant().map(start -> new ProcessIdentity(handle.pid(), start));
  }

  /** Reads what {@link #toString} gave; empty when it is something else. */
  static Optional<ProcessIdentity> parse(String text) {
    String[] parts = text.strip().split(" ", -1);
    try {
      return parts.length == 2
          ? Optional.of(new ProcessIdentity(Long.parseLong(parts[0]), Instant.parse(parts[1])))
          : Optional.empty();
    } catch (NumberFormatException | DateTimeException damaged) {
      return Optional.empty();
    }
  }

  /** The process, when it is still the same one and alive. */
  Optional<ProcessHandle> find() {
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(this::isSame);
  }

  private boolean isSame(ProcessHandle handle) {
    return handle
        .info()
        .startInstant()
        .map(start -> Duration.between(started, start).abs().compareTo(TOLERANCE) <= 0)
        .orElse(false);
  }

  /** Number and start, separated by a space. */
  @Override
  public String toString() {
    return pid + " " + started;
  }
}
