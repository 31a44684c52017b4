package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unfinished jobs of this gateway with which nobody in this process goes on yet: an earlier process
 * left them, or gateways that are gone held them. What can't be done now, for the database or the
 * folder is away, is tried again.
 */
final class Leftovers {
  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

  private final JobRecords records;
  private final Work work;
  private final Deque<Left> left = new ArrayDeque<>();

  private volatile boolean stopped;
  private boolean away;

  /** What is done with one. */
  interface Work {
    /** Whether somebody in this process goes on with a job already, or is just submitting it. */
    boolean isKnown(JobId id);

    /**
     * Goes on with a job.
     *
     * @param wasOthers whether another gateway held it
     * @throws IOException when that can't be done now
     */
    void goOn(Job job, boolean wasOthers) throws IOException;

    /** Takes back what was begun of that. */
    void drop(JobId id);
  }

  private record Left(JobId id, boolean wasOthers) {}

  Leftovers(JobRecords records, Work work) {
    this.records = records;
    this.work = work;
  }

  /** Adds jobs that are not among them yet. */
  synchronized void add(Collection<JobId> ids, boolean wasOthers) {
    for (JobId id : ids) {
      if (left.stream().noneMatch(known -> known.id().equals(id))) {
        left.add(new Left(id, wasOthers));
      }
    }
  }

  /** Goes on with none any more, from the next one on. */
  void stop() {
    stopped = true;
  }

  /**
   * Goes on with those for which there is time; to be called by one thread at a time.
   *
   * @return whether none is left
   */
  boolean goOn(Duration time) {
    long deadline = System.nanoTime() + time.toNanos();
    try {
      for (int tries = size(); tries > 0 && !stopped && System.nanoTime() < deadline; tries--) {
        Left next = first();
        boolean done = goOn(next);
        synchronized (this) {
          left.remove(next);
          if (!done) {
            left.add(next);
          }
        }
      }
      away = false;
    } catch (UnreachableRecordsException unreachable) {
      if (!away) {
        LOG.warn("{} jobs wait to be gone on with: {}", size(), unreachable.getMessage());
      }
      away = true;
    }
    return size() == 0;
  }

  private synchronized int size() {
    return left.size();
  }

  private synchronized Left first() {
    return left.getFirst();
  }

  private boolean goOn(Left next) throws UnreachableRecordsException {
    JobId id = next.id();
    // Before its record is read: a job that stops being known after that is over there.
    if (work.isKnown(id)) {
      return true;
    }
    try {
      // One that is over, or deleted, needs nothing.
      Job job = records.find(id).filter(it -> !it.state().isFinal()).orElse(null);
      if (job != null) {
        work.goOn(job, next.wasOthers());
      }
      return true;
    } catch (TakenOverException others) {
      work.drop(id);
      return true;
    } catch (UnreachableRecordsException notNow) {
      work.drop(id);
      throw notNow;
    } catch (DamagedRecordException | RuntimeException damaged) {
      work.drop(id);
      // What is stopped meanwhile refuses work; that says nothing about the job.
      return !stopped && lose(id, damaged);
    } catch (IOException notNow) {
      work.drop(id);
      LOG.warn("can't go on with job {} now: {}", id, notNow.toString());
      return false;
    }
  }

  private boolean lose(JobId id, Exception damaged) {
    LOG.error("job {} is lost", id, damaged);
    try {
      records.saveLost(id, Instant.now());
      return true;
    } catch (TakenOverException others) {
      return true;
    } catch (IOException unwritten) {
      LOG.warn("the loss of job {} can't be written down now: {}", id, unwritten.toString());
      return false;
    }
  }
}
