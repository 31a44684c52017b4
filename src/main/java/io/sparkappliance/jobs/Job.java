package io.sparkappliance.jobs;

import java.time.Instant;
import java.util.Optional;

/**
 * A job as it is written down. Secrets are never part of it.
 *
 * @param id its name
 * @param submission what was accepted
 * @param state where it is in its life
 * @param attempt how often it was begun, this time included; 1 before the first
 * @param started when this attempt began to run
 * @param finished when it reached a final state
 * @param error why it did not end well
 * @param cancelledBy who asked for its end
 * @param sparkApplication the application in the cluster that does the work
 * @param driver the driver that a worker runs for it; empty: its driver runs beside its gateway
 * @param outputBytes size of what it has left behind; 0 before its end
 * @param delivery how far whoever is to be told of its end has been told; empty: nobody is
 */
public record Job(
    JobId id,
    Submission submission,
    JobState state,
    int attempt,
    Optional<Instant> started,
    Optional<Instant> finished,
    Optional<JobError> error,
    Optional<String> cancelledBy,
    Optional<SparkApplication> sparkApplication,
    Optional<JobDriver> driver,
    long outputBytes,
    Optional<Delivery> delivery) {

  /** A job that was just accepted. */
  public static Job accepted(JobId id, Submission submission) {
    return new Job(
        id,
        submission,
        JobState.QUEUED,
        1,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        submission.terms().webhook().map(_ -> Delivery.ofNewJob()));
  }

  /** What it runs. */
  public JobKind kind() {
    return submission.kind();
  }

  /** Who submitted it. */
  public String owner() {
    return submission.owner();
  }

  /** Why it did not end well, as a sentence for its owner. */
  public Optional<String> reason() {
    return error.map(JobError::message);
  }

  /** Whether it may be begun once more. */
  boolean hasAttemptsLeft() {
    return attempt < submission.terms().maxAttempts();
  }

  /** The same job, back in the queue, for nothing of it has begun. */
  Job waiting() {
    return with(JobState.QUEUED, Optional.empty(), Optional.empty(), error);
  }

  /** The same job, in the hands of another gateway. */
  Job on(String node) {
    return copy(submission.on(node), cancelledBy, sparkApplication, driver, outputBytes);
  }

  /** The same job, about to start. */
  Job starting() {
    return with(JobState.STARTING, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The same job, running. */
  Job running(Instant now) {
    return with(JobState.RUNNING, Optional.of(now), Optional.empty(), Optional.empty());
  }

  /** The same job, back in the queue for its next attempt. */
  Job again() {
    return new Job(
        id,
        submission,
        JobState.QUEUED,
        attempt + 1,
        Optional.empty(),
        Optional.empty(),
        error,
        cancelledBy,
        Optional.empty(),
        Optional.empty(),
        0,
        delivery.map(Delivery::waiting));
  }

  /** The same job, with the wish that it ends. */
  Job cancelledBy(String user) {
    return copy(submission, Optional.of(user), sparkApplication, driver, outputBytes);
  }

  /** The same job, of which the cluster knows by this name. */
  Job as(SparkApplication application) {
    return copy(submission, cancelledBy, Optional.of(application), driver, outputBytes);
  }

  /** The same job, whose driver is a worker's. */
  Job drivenBy(JobDriver known) {
    return copy(submission, cancelledBy, sparkApplication, Optional.of(known), outputBytes);
  }

  /** The same job, ended well. */
  Job succeeded(Instant now) {
    return with(JobState.SUCCEEDED, started, Optional.of(now), Optional.empty());
  }

  /**
   * The same job, ended otherwise.
   *
   * @param end a final state
   */
  Job ended(JobState end, Instant now, JobError why) {
    return with(end, started, Optional.of(now), Optional.of(why));
  }

  /** The same job, with the size of what it has left behind. */
  Job leaving(long bytes) {
    return copy(submission, cancelledBy, sparkApplication, driver, bytes);
  }

  /** The same job, of whose end somebody has been told so far. */
  Job told(Delivery now) {
    return new Job(
        id,
        submission,
        state,
        attempt,
        started,
        finished,
        error,
        cancelledBy,
        sparkApplication,
        driver,
        outputBytes,
        Optional.of(now));
  }

  /** The same, in the same state. */
  private Job copy(
      Submission taken,
      Optional<String> wish,
      Optional<SparkApplication> application,
      Optional<JobDriver> known,
      long bytes) {
    return new Job(
        id,
        taken,
        state,
        attempt,
        started,
        finished,
        error,
        wish,
        application,
        known,
        bytes,
        delivery);
  }

  private Job with(
      JobState next, Optional<Instant> begin, Optional<Instant> end, Optional<JobError> why) {
    return new Job(
        id,
        submission,
        next,
        attempt,
        begin,
        end,
        why,
        cancelledBy,
        sparkApplication,
        driver,
        outputBytes,
        delivery.map(next.isFinal() ? Delivery::pending : Delivery::waiting));
  }
}
