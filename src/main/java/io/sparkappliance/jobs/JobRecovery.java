package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Goes on with jobs that an earlier process of this gateway, or another gateway, has left. */
final class JobRecovery implements Leftovers.Work {
  private static final Logger LOG = LoggerFactory.getLogger(JobRecovery.class);

  private static final String INTERRUPTED_BEFORE = "interrupted: the gateway was restarted";

  private final JobFiles files;
  private final JobShare share;
  private final JobRecords records;
  private final NamedSessions sessions;
  private final ClusterRuns cluster;
  private final RunLimits watches;
  private final JobLimits limits;
  private final UnfinishedJobs jobs;
  private final JobWork work;
  private final JobEnds ends;
  private final String node;

  /**
   * Goes on with none yet.
   *
   * @param node this host's name
   */
  JobRecovery(
      JobFiles files,
      JobRecords records,
      NamedSessions sessions,
      ClusterRuns cluster,
      RunLimits watches,
      JobLimits limits,
      UnfinishedJobs jobs,
      JobWork work,
      JobEnds ends,
      String node) {
    this.files = files;
    this.share = files.share();
    this.records = records;
    this.sessions = sessions;
    this.cluster = cluster;
    this.watches = watches;
    this.limits = limits;
    this.jobs = jobs;
    this.work = work;
    this.ends = ends;
    this.node = node;
  }

  @Override
  public boolean isKnown(JobId id) {
    return jobs.isKnown(id);
  }

  @Override
  public void goOn(Job job, boolean wasOthers) throws IOException {
    String why =
        wasOthers
            ? "interrupted: the gateway of node " + job.submission().node() + " is gone"
            : INTERRUPTED_BEFORE;
    recover(job, why, wasOthers);
  }

  @Override
  public void drop(JobId id) {
    sessions.leave(id);
    jobs.forget(id);
  }

  private void recover(Job job, String why, boolean wasOthers) throws IOException {
    boolean mayHaveSession = job.kind() == JobKind.SQL && job.state() != JobState.RUNNING;
    Optional<JobRequest> request = mayHaveSession ? requestOf(job) : Optional.empty();
    LiveJob known = new LiveJob(records, job, request);
    request.ifPresent(it -> sessions.enterAgain(job.id(), job.owner(), it));
    Optional<ProcessIdentity> mark = files.process(job.id());
    // The exit code is the last thing its process leaves; the process itself may linger a moment.
    boolean hasEnded = ApplicationRunner.exitCode(files.directory(job.id())).isPresent();
    Optional<ProcessHandle> process =
        hasEnded ? Optional.empty() : mark.flatMap(ProcessIdentity::find);
    jobs.add(known);
    Optional<Job> decided = files.keptEnd(job);
    if (decided.isPresent()) {
      LOG.info("job {} had ended: {}", job.id(), decided.get().state());
      ends.finishDecided(known, decided.get().on(node));
    } else if (job.state() == JobState.RUNNING && job.driver().isPresent()) {
      followDriver(known);
    } else if (job.state() == JobState.RUNNING && process.isPresent()) {
      adopt(known, process.get());
    } else if (job.state() == JobState.RUNNING && hasEnded) {
      settle(known);
    } else if (job.cancelledBy().isPresent()) {
      ends.finish(known, JobEnds.cancelled(job));
    } else if (job.state() != JobState.RUNNING) {
      // Nothing of it has begun: a process that was started waits for a word that never comes.
      files.removeProcess(job.id());
      Optional<String> session = request.flatMap(NamedSessions::sessionOf);
      if (session.isPresent() && wasOthers) {
        ends.finish(
            known, job.ended(JobState.FAILED, Instant.now(), sessionGone(session.get(), job)));
        return;
      }
      known.save(before -> before.on(node).waiting());
      jobs.letWait(known);
    } else {
      Job lost = job.ended(JobState.LOST, Instant.now(), JobError.of(why));
      if (job.hasAttemptsLeft()) {
        known.save(before -> lost.again().on(node));
        jobs.letWait(known);
      } else {
        ends.finish(known, lost);
      }
    }
  }

  /** Sessions are those of one gateway: to go on without what this one held would be wrong. */
  private static JobError sessionGone(String session, Job job) {
    return JobError.of(
        "the session '%s' is gone with the gateway of node %s, and all that it held"
            .formatted(session, job.submission().node()));
  }

  /** Empty when it can't be had; what runs the job will say why. */
  private Optional<JobRequest> requestOf(Job job) throws UnreachableFilesException {
    try {
      return Optional.of(files.request(job.id()));
    } catch (UnreachableFilesException notNow) {
      throw notNow;
    } catch (IOException | JobFailure unknown) {
      return Optional.empty();
    }
  }

  private void adopt(LiveJob job, ProcessHandle process) {
    LOG.info("job {} still runs as process {}", job.id(), process.pid());
    Optional<ScheduledFuture<?>> watch =
        watches.watch(job, job.job().started().orElseGet(Instant::now));
    job.endBy(() -> ProcessTree.end(List.of(process), limits.stopTime()));
    var _ =
        process
            .onExit()
            .thenRunAsync(
                () -> {
                  watch.ifPresent(timer -> timer.cancel(false));
                  settle(job);
                },
                Thread::startVirtualThread);
    if (job.job().cancelledBy().isPresent()) {
      job.stop(Stop.CANCELLED);
    }
  }

  /** Goes on following what runs on a worker; without a turn, for it has had its own. */
  private void followDriver(LiveJob job) throws IOException {
    job.save(before -> before.on(node));
    if (!cluster.hold(job.id())) {
      jobs.forget(job.id());
      return;
    }
    LOG.info("job {} has a driver in the cluster", job.id());
    Optional<ScheduledFuture<?>> watch =
        watches.watch(job, job.job().started().orElseGet(Instant::now));
    if (job.job().cancelledBy().isPresent()) {
      job.stop(Stop.CANCELLED);
    }
    Thread.startVirtualThread(
        () -> {
          try {
            cluster.follow(job, () -> share.resume(job.job(), jobs::isStopping));
            ends.succeed(job);
          } catch (JobFailure failure) {
            ends.fail(job, failure);
          } catch (ClusterRuns.LeftException goesOn) {
            LOG.info("job {} goes on without this gateway", job.id());
          } catch (IOException | RuntimeException gone) {
            LOG.error("the driver of job {} can't be followed", job.id(), gone);
            ends.fail(job, JobFailure.last(JobState.LOST, "its driver can't be followed: " + gone));
          } finally {
            watch.ifPresent(timer -> timer.cancel(false));
          }
        });
  }

  /** An application whose process is gone, started by an earlier gateway. */
  private void settle(LiveJob job) {
    work.awaitEnding(job);
    try {
      work.checkExit(job.id());
      ends.succeed(job);
    } catch (JobFailure failure) {
      ends.fail(job, failure.error());
    } catch (IOException unreadable) {
      LOG.error("how job {} ended can't be read", job.id(), unreadable);
      ends.finish(
          job,
          job.job()
              .ended(
                  JobState.LOST,
                  Instant.now(),
                  JobError.of("its exit code can't be read: " + unreadable)));
    }
  }
}
