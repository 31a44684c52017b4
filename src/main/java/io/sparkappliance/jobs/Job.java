package io.sparkappliance.jobs;

import java.time.Instant;
import java.util.Optional;

/**
 * A job as it is written down. Secrets are never part of it.
 *
 * @param id its name
 * @param kind what it runs
 * @param owner who submitted it
 * @param state where it is in its life
 * @param submitted when it was accepted
 * @param started when it began to run
 * @param finished when it reached a final state
 * @param reason why it failed, as a sentence for its owner
 * @param process the process that runs it; applications only
 */
public record Job(
    JobId id,
    JobKind kind,
    String owner,
    JobState state,
    Instant submitted,
    Optional<Instant> started,
    Optional<Instant> finished,
    Optional<String> reason,
    Optional<ProcessIdentity> process) {

  /** A job that was just accepted. */
  public static Job accepted(JobId id, JobKind kind, String owner, Instant now) {
    return new Job(
        id,
        kind,
        owner,
        JobState.QUEUED,
        now,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** The same job, about to start. */
  public Job starting() {
    return with(JobState.STARTING, started, Optional.empty(), Optional.empty(), process);
  }

  /** The same job, running without a process of its own. */
  public Job running(Instant now) {
    return with(JobState.RUNNING, Optional.of(now), Optional.empty(), Optional.empty(), process);
  }

  /** The same job, running as the given process. */
  public Job running(Instant now, ProcessIdentity child) {
    return with(
        JobState.RUNNING, Optional.of(now), Optional.empty(), Optional.empty(), Optional.of(child));
  }

  /** The same job, ended well. */
  public Job succeeded(Instant now) {
    return with(JobState.SUCCEEDED, started, Optional.of(now), Optional.empty(), process);
  }

  /** The same job, ended badly. */
  public Job failed(Instant now, String why) {
    return with(JobState.FAILED, started, Optional.of(now), Optional.of(why), process);
  }

  /** The same job, of which nobody knows how it ended. */
  public Job lost(Instant now, String why) {
    return with(JobState.LOST, started, Optional.of(now), Optional.of(why), process);
  }

  private Job with(
      JobState next,
      Optional<Instant> begin,
      Optional<Instant> end,
      Optional<String> why,
      Optional<ProcessIdentity> child) {
    return new Job(id, kind, owner, next, submitted, begin, end, why, child);
  }
}
