package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
    List<JobId> old = records.finishedBefore(moment, AT_ONCE);
    while (!old.isEmpty() && !timer.isShutdown()) {
      for (JobId id : old) {
        delete(id);
      }
      removed += old.size();
      old = records.finishedBefore(moment, AT_ONCE);
    }
    return removed;
  }

  /** Removes what ended first until the rest is small enough. */
  int removeLarge() throws IOException {
    int removed = 0;
    long stored = records.storedBytes();
    while (stored > limits.keepBytes() && !timer.isShutdown()) {
      List<JobId> first = records.finishedBefore(Instant.now(), AT_ONCE);
      if (first.isEmpty()) {
        return removed;
      }
      for (JobId id : first) {
        if (stored <= limits.keepBytes()) {
          return removed;
        }
        stored -= records.find(id).map(Retention::size).orElse(0L);
        delete(id);
        removed++;
      }
    }
    return removed;
  }

  private static long size(Job job) {
    return job.submission().inputBytes() + job.outputBytes();
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
