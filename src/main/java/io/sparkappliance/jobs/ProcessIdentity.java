package io.sparkappliance.jobs;

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
public record ProcessIdentity(long pid, Instant started) {
  /** The system derives start times from the wall clock, which may have been set since. */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  /** Takes down a live process; empty when it is gone already. */
  public static Optional<ProcessIdentity> of(ProcessHandle handle) {
    return handle.info().startInstant().map(start -> new ProcessIdentity(handle.pid(), start));
  }

  /** The process, when it is still the same one and alive. */
  public Optional<ProcessHandle> find() {
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(this::isSame);
  }

  private boolean isSame(ProcessHandle handle) {
    return handle
        .info()
        .startInstant()
        .map(start -> Duration.between(started, start).abs().compareTo(TOLERANCE) <= 0)
        .orElse(false);
  }
}
