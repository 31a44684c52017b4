package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jobs that are not over: runs them in turn, and ends them early. */
final class JobRuns implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobRuns.class);

  private final JobFiles files;
  private final JobShare share;
  private final JobRecords records;
  private final JobLimits limits;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("job-limits").factory());

  private final UnfinishedJobs jobs;
  private final NotedApplications noted;
  private final RunLimits watches;
  private final ClusterRuns cluster;
  private final JobEnds ends;
  private final JobWork work;
  private final Leftovers leftovers;
  private volatile boolean othersEnded;

  JobRuns(
      JobFiles files,
      JobRecords records,
      SqlRunner sql,
      ApplicationRunner applications,
      JobLimits limits,
      String node) {
    this.files = files;
    this.share = files.share();
    this.records = records;
    this.limits = limits;
    this.jobs = new UnfinishedJobs(limits, this::run);
    this.noted = new NotedApplications(files, applications.notes());
    this.watches = new RunLimits(files, noted, limits.outputBytes(), timer);
    this.cluster = new ClusterRuns(files, applications, limits.outputBytes());
    this.ends = new JobEnds(files, records, sql.named(), noted, jobs, node, timer);
    this.work = new JobWork(files, sql, applications, cluster, limits, ends);
    this.leftovers =
        new Leftovers(
            records,
            new JobRecovery(
                files, records, sql.named(), cluster, watches, limits, jobs, work, ends, node));
  }

  /** Those that are not over. */
  UnfinishedJobs jobs() {
    return jobs;
  }

  /** Lets a job that was written down wait for its turn. */
  void add(Job job, JobRequest request) {
    LiveJob added = new LiveJob(records, job, Optional.of(request));
    jobs.add(added);
    jobs.letWait(added);
  }

  /** A job that is not over. */
  Optional<Job> find(JobId id) {
    Optional<LiveJob> found = jobs.find(id);
    found.filter(job -> job.job().sparkApplication().isEmpty()).ifPresent(noted::look);
    return found.map(LiveJob::job);
  }

  /** A SQL job that is being run. */
  Optional<SqlRunner.Run> query(JobId id) {
    return work.query(id);
  }

  /** Waits until a job is over, or the time is. */
  void await(JobId id, Duration time) throws InterruptedException {
    Optional<LiveJob> job = jobs.find(id);
    if (job.isPresent()) {
      job.get().await(JobState::isFinal, time);
    }
  }

  /**
   * Ends jobs of this gateway that others were asked to end.
   *
   * @throws IOException when the wishes can't be read or written
   */
  void endWished() throws IOException {
    for (Map.Entry<JobId, String> wish : records.wishedEnds().entrySet()) {
      LiveJob job = jobs.find(wish.getKey()).orElse(null);
      if (job != null && job.job().cancelledBy().isEmpty()) {
        cancel(wish.getKey(), wish.getValue());
      }
    }
  }

  /**
   * Ends a job of this gateway.
   *
   * @return the job as it is now; empty when it is over, or another gateway's
   * @throws IOException when the wish can't be written down
   */
  Optional<Job> cancel(JobId id, String user) throws IOException {
    LiveJob job = jobs.find(id).orElse(null);
    if (job == null) {
      return Optional.empty();
    }
    // Written down first: whoever comes after a crash ends it, too.
    if (!job.save(before -> before.cancelledBy(user))) {
      return Optional.empty();
    }
    if (jobs.takeBack(job)) {
      ends.finish(job, JobEnds.cancelled(job.job()));
    } else {
      job.stop(Stop.CANCELLED);
    }
    return Optional.of(job.job());
  }

  private void run(LiveJob job) {
    try {
      boolean isReady = share.fetch(job.job(), () -> jobs.isStopping() || job.isUnwanted());
      if (job.isUnwanted()) {
        ends.finish(job, JobEnds.cancelled(job.job()));
        return;
      }
      if (!isReady) {
        return;
      }
      ends.savePatiently(job, Job::starting);
      Optional<ScheduledFuture<?>> watch = Optional.empty();
      try {
        JobRequest request = job.request(files);
        watch = watches.watch(job, Instant.now());
        work.run(job, request);
      } finally {
        watch.ifPresent(timer -> timer.cancel(false));
        work.awaitEnding(job);
      }
      ends.succeed(job);
    } catch (JobFailure failure) {
      ends.fail(job, failure);
    } catch (ClusterRuns.LeftException goesOn) {
      LOG.info("job {} goes on without this gateway", job.id());
    } catch (IOException | RuntimeException trouble) {
      LOG.error("job {} failed", job.id(), trouble);
      ends.fail(job, JobError.of("the gateway could not run it: " + trouble));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      job.stop(Stop.GATEWAY_STOPS);
      ends.fail(job, JobError.of(Stop.GATEWAY_STOPS.sentence()));
    }
  }

  /**
   * Finds what an earlier process left unfinished.
   *
   * @throws IOException when the records can't be used
   */
  void findLeft() throws IOException {
    List<JobId> left = records.unfinished();
    if (!left.isEmpty()) {
      LOG.info("{} unfinished jobs of an earlier process found", left.size());
    }
    leftovers.add(left, false);
  }

  /**
   * Finds jobs of this gateway that nobody goes on with: an answer of the database was lost, and
   * with it that they are this gateway's.
   *
   * @throws IOException when the records can't be used
   */
  void findForgotten() throws IOException {
    List<JobId> unfinished = records.unfinished();
    leftovers.add(unfinished.stream().filter(id -> !jobs.isKnown(id)).toList(), true);
  }

  /** Takes jobs over that another gateway held. */
  void takeOver(List<JobId> claimed) {
    leftovers.add(claimed, true);
  }

  /**
   * Goes on with jobs that were found. It has to be called again and again: what takes too long is
   * left for the next time, and what can't be done now.
   */
  void goOnWithLeft(Duration time) {
    if (leftovers.goOn(time) && !othersEnded) {
      try {
        endWhatIsOthers();
        share.sweep(jobs::isKnown);
        files.sweepEnds(jobs::isKnown);
        othersEnded = true;
      } catch (IOException notNow) {
        LOG.warn(
            "can't look for programs that are no longer this gateway's: {}", notNow.toString());
      }
    }
  }

  /** Another gateway went on with these while this one was away, and does not know of them. */
  private void endWhatIsOthers() throws IOException {
    Map<JobId, ProcessIdentity> left = files.processes();
    left.keySet().removeIf(jobs::isLive);
    List<ProcessHandle> running =
        left.values().stream().flatMap(process -> process.find().stream()).toList();
    if (!running.isEmpty()) {
      LOG.warn("ends {} applications that are no longer this gateway's", running.size());
      ProcessTree.end(running, limits.stopTime());
    }
    left.keySet().forEach(files::removeProcess);
  }

  /** Ends all processes that are written down. */
  static int endLeftovers(JobFiles files, Duration grace) throws IOException {
    List<ProcessHandle> running = new ArrayList<>();
    files.processes().values().forEach(process -> process.find().ifPresent(running::add));
    ProcessTree.end(running, grace);
    return running.size();
  }

  /** Goes on with none of the jobs that were left any more, from the next one on. */
  void leaveTheRest() {
    leftovers.stop();
  }

  /** Looks after nothing any more. */
  void abandon() {
    jobs.stop();
    cluster.leave();
    timer.shutdownNow();
  }

  /**
   * Ends what runs, but for drivers on workers, and begins nothing any more; what waits stays
   * written down as waiting.
   */
  @Override
  public void close() {
    jobs.stop();
    cluster.leave();
    List<LiveJob> own = jobs.all().stream().filter(job -> !cluster.holds(job.id())).toList();
    own.forEach(job -> job.stop(Stop.GATEWAY_STOPS));
    Instant deadline = Instant.now().plus(limits.stopTime().multipliedBy(2));
    jobs.awaitEnd(deadline);
    List<Thread> rest =
        own.stream().map(job -> Thread.startVirtualThread(() -> awaitRest(job, deadline))).toList();
    // What S3 or the database does not take by then is kept here.
    Instant last = deadline.plus(limits.stopTime());
    rest.forEach(thread -> giveUpAt(last, thread));
    timer.shutdownNow();
  }

  private static void giveUpAt(Instant deadline, Thread thread) {
    try {
      if (!thread.join(Duration.between(Instant.now(), deadline))) {
        thread.interrupt();
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      thread.interrupt();
    }
  }

  /** One that an earlier gateway started has no turn; one that can't be ended is given up. */
  private void awaitRest(LiveJob job, Instant deadline) {
    try {
      job.await(
          state -> state.isFinal() || state == JobState.QUEUED,
          Duration.between(Instant.now(), deadline));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    Job now = job.job();
    Optional<Job> decided = job.decided();
    if (decided.isPresent()) {
      ends.finishDecided(job, decided.get());
    } else if (now.state() == JobState.RUNNING) {
      ends.giveUp(
          job,
          now.ended(JobState.FAILED, Instant.now(), JobError.of(Stop.GATEWAY_STOPS.sentence())));
    }
  }
}
