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

  /** What is done with one. */
  interface Work {
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

  /**
   * Goes on with those for which there is time.
   *
   * @return whether none is left
   */
  boolean goOn(Duration time) {
    long deadline = System.nanoTime() + time.toNanos();
    for (int tries = size(); tries > 0 && System.nanoTime() < deadline; tries--) {
      Left next = first();
      boolean done = goOn(next);
      synchronized (this) {
        left.remove(next);
        if (!done) {
          left.add(next);
        }
      }
    }
    return size() == 0;
  }

  private synchronized int size() {
    return left.size();
  }

  private synchronized Left first() {
    return left.getFirst();
  }

  private boolean goOn(Left next) {
    JobId id = next.id();
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
    } catch (DamagedRecordException | RuntimeException damaged) {
      work.drop(id);
      return lose(id, damaged);
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
