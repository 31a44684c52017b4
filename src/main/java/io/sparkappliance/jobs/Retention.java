package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes jobs that ended long ago, or that take too much space. */
final class Retention implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
  private static final Duration INTERVAL = Duration.ofMinutes(10);
  private static final int AT_ONCE = 100;

  private final JobFiles files;
  private final JobRecords records;
  private final JobLimits limits;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("job-retention").factory());

  Retention(JobFiles files, JobRecords records, JobLimits limits) {
    this.files = files;
    this.records = records;
    this.limits = limits;
  }

  /** Clears away now and then. */
  void start() {
    var _ = timer.scheduleWithFixedDelay(this::sweep, 0, INTERVAL.toSeconds(), TimeUnit.SECONDS);
  }

  private void sweep() {
    try {
      int old = removeOld(Instant.now().minus(limits.keep()));
      int large = removeLarge();
      if (old + large > 0) {
        LOG.info("{} old jobs removed, and {} to make room", old, large);
      }
    } catch (IOException | RuntimeException trouble) {
      LOG.warn("old jobs can't be removed", trouble);
    }
  }

  /** Removes what ended before a moment. */
  int removeOld(Instant moment) throws IOException {
    int removed = 0;
    Set<JobId> stuck = new HashSet<>();
    List<JobId> old = first(moment, stuck);
    while (!old.isEmpty() && !timer.isShutdown()) {
      for (JobId id : old) {
        removed += remove(id, stuck) ? 1 : 0;
      }
      old = first(moment, stuck);
    }
    return removed;
  }

  /** Removes what ended first until the rest is small enough. */
  int removeLarge() throws IOException {
    int removed = 0;
    Set<JobId> stuck = new HashSet<>();
    List<JobId> first = first(Instant.now(), stuck);
    // Counted anew each time: others may be clearing away, too.
    for (long stored = records.storedBytes();
        stored > limits.keepBytes() && !first.isEmpty() && !timer.isShutdown();
        stored = records.storedBytes()) {
      for (JobId id : first) {
        if (stored <= limits.keepBytes()) {
          break;
        }
        long size = size(id);
        if (remove(id, stuck)) {
          stored -= size;
          removed++;
        }
      }
      first = first(Instant.now(), stuck);
    }
    return removed;
  }

  private List<JobId> first(Instant moment, Set<JobId> stuck) throws IOException {
    return records.finishedBefore(moment, AT_ONCE + stuck.size()).stream()
        .filter(id -> !stuck.contains(id))
        .toList();
  }

  /** One that can't be removed must not keep the rest. */
  private boolean remove(JobId id, Set<JobId> stuck) {
    try {
      delete(id);
      return true;
    } catch (IOException stays) {
      LOG.warn("job {} can't be removed: {}", id, stays.toString());
      stuck.add(id);
      return false;
    }
  }

  private long size(JobId id) throws IOException {
    try {
      return records
          .find(id)
          .map(job -> job.submission().inputBytes() + job.outputBytes())
          .orElse(0L);
    } catch (DamagedRecordException unknown) {
      // It can be removed all the same; what is stored is counted anew after this round.
      return 0;
    }
  }

  /**
   * Removes a job that is over: its files first, for as long as there is a record somebody comes
   * back for them.
   *
   * @throws IOException when something can't be removed
   */
  void delete(JobId id) throws IOException {
    files.delete(id);
    records.delete(id);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
