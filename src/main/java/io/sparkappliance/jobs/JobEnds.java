package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down what becomes of jobs; those that may be begun again wait for another turn. */
final class JobEnds {
  private static final Logger LOG = LoggerFactory.getLogger(JobEnds.class);

  private static final Duration WRITE_AGAIN = Duration.ofSeconds(5);

  /** Between two tries to write something down while the database is away. */
  private static final Duration AWAY = Duration.ofSeconds(2);

  private final JobFiles files;
  private final JobShare share;
  private final JobRecords records;
  private final NamedSessions sessions;
  private final NotedApplications noted;
  private final UnfinishedJobs jobs;
  private final String node;
  private final ScheduledExecutorService timer;

  /**
   * Ends none yet.
   *
   * @param node this host's name
   * @param timer for what can't be written now
   */
  JobEnds(
      JobFiles files,
      JobRecords records,
      NamedSessions sessions,
      NotedApplications noted,
      UnfinishedJobs jobs,
      String node,
      ScheduledExecutorService timer) {
    this.files = files;
    this.share = files.share();
    this.records = records;
    this.sessions = sessions;
    this.noted = noted;
    this.jobs = jobs;
    this.node = node;
    this.timer = timer;
  }

  /** Its work has come to a good end. */
  void succeed(LiveJob job) {
    finish(job, job.job().succeeded(Instant.now()));
  }

  /** What becomes of a job whose work did not come to a good end. */
  void fail(LiveJob job, JobFailure failure) {
    if (failure.last().isEmpty() || job.decided().isPresent()) {
      fail(job, failure.error());
      return;
    }
    JobState last = failure.last().get();
    // Who asked for its end is told of that, unless nobody knows whether it came.
    if (last != JobState.LOST && job.job().cancelledBy().isPresent()) {
      finish(job, cancelled(job.job()));
    } else {
      Optional<Stop> asked = last == JobState.LOST ? Optional.empty() : job.stop();
      JobError why = asked.map(Stop::sentence).map(JobError::of).orElse(failure.error());
      finish(job, job.job().ended(last, Instant.now(), why));
    }
  }

  /** The same with another attempt, where one is left. */
  void fail(LiveJob job, JobError error) {
    Job now = job.job();
    Optional<Job> decided = job.decided();
    if (decided.isPresent()) {
      // What went wrong after that changes nothing.
      finishWhole(job, decided.get(), false);
      return;
    }
    if (now.cancelledBy().isPresent()) {
      finish(job, cancelled(now));
      return;
    }
    Optional<Stop> stop = job.stop();
    if (now.state() != JobState.RUNNING && stop.equals(Optional.of(Stop.GATEWAY_STOPS))) {
      waitOn(job);
      return;
    }
    JobError why = stop.map(Stop::sentence).map(JobError::of).orElse(error);
    Job end = now.ended(JobState.FAILED, Instant.now(), why);
    if (now.hasAttemptsLeft()) {
      LOG.info("attempt {} of job {} failed: {}", now.attempt(), now.id(), firstLine(end));
      again(job, end);
    } else {
      LOG.info("job {} failed: {}", now.id(), firstLine(end));
      finish(job, end);
    }
  }

  static Job cancelled(Job job) {
    String sentence = "cancelled by " + job.cancelledBy().orElseThrow();
    return job.ended(JobState.CANCELLED, Instant.now(), JobError.of(sentence));
  }

  private void waitOn(LiveJob job) {
    try {
      job.save(Job::waiting);
    } catch (IOException trouble) {
      LOG.error("job {} stays written down as about to start", job.id(), trouble);
    }
  }

  private static String firstLine(Job job) {
    return job.reason().orElse("").lines().findFirst().orElse("");
  }

  private void again(LiveJob job, Job otherwise) {
    try {
      savePatiently(job, before -> otherwise.again().on(node));
      files.removeProcess(job.id());
      job.forgetAttempt();
      if (!jobs.isStopping()) {
        jobs.letWait(job);
      }
    } catch (UnreachableRecordsException away) {
      // Stopping: whoever comes next finds it as it was, and begins it again.
      LOG.warn("job {} is begun again later: {}", job.id(), away.getMessage());
    } catch (IOException trouble) {
      LOG.error("job {} can't be begun again", job.id(), trouble);
      finish(job, otherwise);
    }
  }

  /** As soon as the database answers: that it is away is no fault of the job. */
  void savePatiently(LiveJob job, UnaryOperator<Job> change) throws IOException {
    while (true) {
      try {
        job.save(change);
        return;
      } catch (UnreachableRecordsException away) {
        LOG.debug("job {} waits for its record", job.id(), away);
        LockSupport.parkNanos(AWAY.toNanos());
        if (jobs.isStopping() || Thread.currentThread().isInterrupted()) {
          job.stop(Stop.GATEWAY_STOPS);
          throw away;
        }
      }
    }
  }

  /**
   * Writes the end down before the job stops being live: nobody ever sees neither. Where another
   * end was decided before, that one.
   */
  void finish(LiveJob job, Job end) {
    // Who sees the end of the last job of a session may close the session.
    sessions.leave(end.id());
    Job whole = noted.atEnd(end);
    Job counted = whole.leaving(files.outputBytes(whole.id(), whole.submission().inputBytes()));
    finishWhole(job, job.decide(counted), false);
  }

  /**
   * The gateway stops, and nobody knows what becomes of the job: that is written down now, or what
   * the next process finds decides.
   */
  void giveUp(LiveJob job, Job end) {
    finishWhole(job, end, true);
  }

  /** Goes on with an end that was decided before this process began, or before this one stops. */
  void finishDecided(LiveJob job, Job end) {
    sessions.leave(end.id());
    finishWhole(job, job.decide(end), false);
  }

  private void finishWhole(LiveJob job, Job end, boolean told) {
    if (!job.beginWriting()) {
      return;
    }
    boolean again = false;
    try {
      if (share.takesTime() || jobs.isStopping()) {
        keep(job, end);
      }
      // Who learns of the end finds all that the job has left.
      job.finish(published(end));
      forget(end.id());
    } catch (TakenOverException others) {
      LOG.warn("what became of job {} does not count: {}", end.id(), others.getMessage());
      forget(end.id());
    } catch (IOException | RuntimeException trouble) {
      // It stays known for as long as this process lives; the next one settles it.
      if (!told) {
        tellUnwritten(end, trouble);
        keep(job, end);
      }
      again = !jobs.isStopping();
    } finally {
      job.endWriting();
    }
    if (again) {
      var _ =
          timer.schedule(
              () -> Thread.startVirtualThread(() -> finishWhole(job, end, true)),
              WRITE_AGAIN.toMillis(),
              TimeUnit.MILLISECONDS);
    }
  }

  /** What can't be read here never arrives: an end that can't be told helps nobody. */
  private Job published(Job end) throws IOException {
    try {
      share.publish(end, records::checkHeld);
      return end;
    } catch (UnreadableFilesException lost) {
      LOG.error("not all that job {} has left behind can be kept", end.id(), lost);
      String why = "its work was done, but not all that it has left behind could be kept: ";
      return end.state() == JobState.SUCCEEDED
          ? end.ended(JobState.FAILED, Instant.now(), JobError.of(why + lost.getMessage()))
          : end;
    }
  }

  /** For the next process; one that nothing but the gateway's own end has caused is no end. */
  private void keep(LiveJob job, Job end) {
    if (job.decided().isEmpty()) {
      return;
    }
    try {
      files.keepEnd(end);
    } catch (IOException unwritten) {
      LOG.warn(
          "the end of job {} is known to this process alone: {}", end.id(), unwritten.toString());
    }
  }

  private static void tellUnwritten(Job end, Exception trouble) {
    if (trouble instanceof UnreachableRecordsException
        || trouble instanceof UnreachableFilesException) {
      LOG.warn("the end of job {} is written down later: {}", end.id(), trouble.getMessage());
    } else {
      LOG.error("the end of job {} could not be written down", end.id(), trouble);
    }
  }

  private void forget(JobId id) {
    files.removeProcess(id);
    files.removeEnd(id);
    jobs.forget(id);
    share.release(id);
  }
}
