package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A job that is not over, with the way to end it early. */
final class LiveJob {
  private static final Logger LOG = LoggerFactory.getLogger(LiveJob.class);

  private final JobRecords records;
  private Job job;
  private Optional<JobRequest> request;
  private final Optional<String> lane;
  private Optional<Stop> stop = Optional.empty();
  private Optional<Runnable> ending = Optional.empty();
  private Optional<Thread> ender = Optional.empty();
  private Optional<Job> decided = Optional.empty();
  private boolean isWriting;
  private boolean isWritten;

  /**
   * Takes a job as it is written down.
   *
   * @param request how it is run, where that is known already
   */
  LiveJob(JobRecords records, Job job, Optional<JobRequest> request) {
    this.records = records;
    this.job = job;
    this.request = request;
    this.lane = request.flatMap(NamedSessions::sessionOf);
  }

  /** In what its owner's jobs run one after the other, where there is such a thing. */
  Optional<String> lane() {
    return lane;
  }

  synchronized Job job() {
    return job;
  }

  JobId id() {
    return job().id();
  }

  /** Whether somebody has asked for its end. */
  boolean isUnwanted() {
    return job().cancelledBy().isPresent();
  }

  String owner() {
    return job().owner();
  }

  /** How it is run; its password, if it had one, is known only to the process that accepted it. */
  JobRequest request(JobFiles files) throws IOException, JobFailure {
    Optional<JobRequest> known;
    synchronized (this) {
      known = request;
    }
    return known.isPresent() ? known.get() : files.request(id());
  }

  /**
   * Changes it, in its record first.
   *
   * @return whether that was done: what is over does not change any more
   * @throws IOException when it can't be written; it is as it was then
   */
  synchronized boolean save(UnaryOperator<Job> change) throws IOException {
    if (job.state().isFinal()) {
      return false;
    }
    Job next = change.apply(job);
    records.save(next);
    job = next;
    notifyAll();
    return true;
  }

  /**
   * Decides how it ends, before anybody is told. The first decision is the one that counts: what is
   * still to be done for it may take a while, in which the gateway may be stopped.
   *
   * @return what was decided
   */
  synchronized Job decide(Job end) {
    if (decided.isEmpty()) {
      decided = Optional.of(end);
    }
    return decided.get();
  }

  /** How it ends; empty while that is open. */
  synchronized Optional<Job> decided() {
    return decided;
  }

  /**
   * Begins to write its end down, which one thread at a time does.
   *
   * @return false when another one does, or it is done
   */
  synchronized boolean beginWriting() {
    if (isWritten || isWriting) {
      return false;
    }
    isWriting = true;
    return true;
  }

  /** It is written down, or could not be. */
  synchronized void endWriting() {
    isWriting = false;
  }

  /** Tells whether this gateway still holds jobs. */
  JobShare.Holder holder() {
    return records::checkHeld;
  }

  /**
   * Ends it, in its record first.
   *
   * @throws IOException when it can't be written; here it is over all the same
   */
  synchronized void finish(Job end) throws IOException {
    try {
      records.save(end);
      isWritten = true;
    } finally {
      job = end;
      notifyAll();
    }
  }

  /**
   * Waits for a state.
   *
   * @param time how long to wait, at most
   */
  synchronized void await(Predicate<JobState> wanted, Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (!wanted.test(job.state())) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        return;
      }
      wait(left);
    }
  }

  /**
   * From now on it can be ended this way; at once if somebody has asked for that already.
   *
   * @param how ends it, from any thread; it may be over by then
   */
  synchronized void endBy(Runnable how) {
    ending = Optional.of(how);
    if (stop.isPresent()) {
      end();
    }
  }

  /** Ends it, now or as soon as there is a way to. The first reason is the one that counts. */
  synchronized void stop(Stop why) {
    if (stop.isEmpty()) {
      stop = Optional.of(why);
      end();
    }
  }

  /** It may take a while: until a server answers, or the last process is gone. */
  private void end() {
    ender = ending.map(Thread::startVirtualThread);
  }

  /**
   * Waits until nothing of it is left, where it is being ended: its process may be gone before
   * those that it has started.
   */
  void awaitEnding(Duration time) {
    Optional<Thread> thread;
    synchronized (this) {
      thread = ender;
    }
    try {
      if (thread.isPresent() && !thread.get().join(time)) {
        LOG.warn("job {} can't be ended", id());
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** Why it is being ended early; empty when it is not. */
  synchronized Optional<Stop> stop() {
    return stop;
  }

  /** Nothing of an earlier attempt is left. */
  synchronized void forgetAttempt() {
    stop = Optional.empty();
    ending = Optional.empty();
    ender = Optional.empty();
  }
}
