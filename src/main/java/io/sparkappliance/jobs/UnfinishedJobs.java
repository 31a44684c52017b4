package io.sparkappliance.jobs;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The jobs of this gateway that are not over: they are being submitted, wait for a turn, or run.
 */
final class UnfinishedJobs {
  private final JobLimits limits;
  private final Map<JobId, LiveJob> live = new ConcurrentHashMap<>();
  private final Map<JobKind, Turns<LiveJob>> turns = new EnumMap<>(JobKind.class);

  /** Neither live nor forgotten. */
  private final Set<JobId> submitting = ConcurrentHashMap.newKeySet();

  private volatile boolean stopping;

  /**
   * None yet.
   *
   * @param runner runs a job whose turn it is, to its end; throws nothing
   */
  UnfinishedJobs(JobLimits limits, Consumer<LiveJob> runner) {
    this.limits = limits;
    turns.put(
        JobKind.SQL,
        new Turns<>("query", limits.queries(), limits.runningPerUser(), LiveJob::lane, runner));
    turns.put(
        JobKind.APPLICATION,
        new Turns<>(
            "application",
            limits.applications(),
            limits.runningPerUser(),
            _ -> Optional.empty(),
            runner));
  }

  /**
   * Makes sure that one more job of somebody may wait.
   *
   * @throws QuotaException when its owner has too many
   * @throws UnavailableException when there are too many of all, or the gateway stops
   */
  void checkMayWait(JobKind kind, String owner) {
    if (stopping) {
      throw new UnavailableException("the gateway is being stopped");
    }
    Turns<LiveJob> queue = turns.get(kind);
    if (queue.waiting(owner) >= limits.waitingPerUser()) {
      throw new QuotaException(
          "too many of your jobs wait for their turn: try again when some have ended (the"
              + " operator's setting MAX_USER_QUEUED_JOBS)");
    }
    if (queue.waiting() >= limits.waiting()) {
      throw new UnavailableException(
          "too many jobs wait for their turn: try again when some have ended");
    }
  }

  /** A job is about to be written down: until {@link #submitted} nobody else goes on with it. */
  void submitting(JobId id) {
    submitting.add(id);
  }

  /** A job is live, or was not taken. */
  void submitted(JobId id) {
    submitting.remove(id);
  }

  /** Knows a job, which gets no turn yet. */
  void add(LiveJob job) {
    live.put(job.id(), job);
  }

  /** Lets a job that is known wait for its turn. */
  void letWait(LiveJob job) {
    turnsOf(job).add(job.owner(), job);
  }

  /** Takes a turn back; false when it has come already. */
  boolean takeBack(LiveJob job) {
    return turnsOf(job).remove(job.owner(), job);
  }

  private Turns<LiveJob> turnsOf(LiveJob job) {
    return turns.get(job.job().kind());
  }

  Optional<LiveJob> find(JobId id) {
    return Optional.ofNullable(live.get(id));
  }

  List<LiveJob> all() {
    return List.copyOf(live.values());
  }

  /** Whether a job is not over here, or is being submitted. */
  boolean isKnown(JobId id) {
    // In this order: what is submitted is live before it is not being submitted any more.
    return submitting.contains(id) || live.containsKey(id);
  }

  boolean isLive(JobId id) {
    return live.containsKey(id);
  }

  void forget(JobId id) {
    live.remove(id);
  }

  JobCounts counts() {
    int queued = turns.values().stream().mapToInt(Turns::waiting).sum();
    return new JobCounts(Math.max(0, live.size() - queued), queued);
  }

  /** Gives no turn any more. */
  void stop() {
    stopping = true;
    turns.values().forEach(Turns::close);
  }

  /** Whether no turn is given any more. */
  boolean isStopping() {
    return stopping;
  }

  /** Waits until all whose turn had come are over; what still runs after that is interrupted. */
  void awaitEnd(Instant deadline) {
    turns.values().forEach(queue -> queue.awaitEnd(Duration.between(Instant.now(), deadline)));
  }
}
