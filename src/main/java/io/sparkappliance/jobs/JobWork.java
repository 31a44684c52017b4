package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does the work of jobs, of each in the way of its kind. */
final class JobWork {
  private static final Logger LOG = LoggerFactory.getLogger(JobWork.class);

  private final JobFiles files;
  private final SqlRunner sql;
  private final ApplicationRunner applications;
  private final ClusterRuns cluster;
  private final JobLimits limits;
  private final JobEnds ends;
  private final Map<JobId, SqlRunner.Run> queries = new ConcurrentHashMap<>();

  /**
   * Does none yet.
   *
   * @param ends writes down that work has begun
   */
  JobWork(
      JobFiles files,
      SqlRunner sql,
      ApplicationRunner applications,
      ClusterRuns cluster,
      JobLimits limits,
      JobEnds ends) {
    this.files = files;
    this.sql = sql;
    this.applications = applications;
    this.cluster = cluster;
    this.limits = limits;
    this.ends = ends;
  }

  /** A SQL job that is being run. */
  Optional<SqlRunner.Run> query(JobId id) {
    return Optional.ofNullable(queries.get(id));
  }

  /**
   * Does a job's work to its end.
   *
   * @throws JobFailure when that is no good one
   * @throws ClusterRuns.LeftException when it goes on without this gateway
   * @throws IOException when something can't be read or written
   * @throws InterruptedException when this thread is to end
   */
  void run(LiveJob job, JobRequest request)
      throws JobFailure, ClusterRuns.LeftException, IOException, InterruptedException {
    switch (request) {
      case SqlRequest query -> runQuery(job, query);
      case ApplicationRequest program when program.cluster().isPresent() ->
          runInCluster(job, program);
      case ApplicationRequest application -> runApplication(job, application);
    }
  }

  /** Waits until nothing of a job is left that is being ended. */
  void awaitEnding(LiveJob job) {
    job.awaitEnding(limits.stopTime().multipliedBy(2));
  }

  private void runQuery(LiveJob job, SqlRequest request) throws JobFailure, IOException {
    SqlRunner.Run run = new SqlRunner.Run();
    job.endBy(run::cancel);
    queries.put(job.id(), run);
    try {
      sql.run(
          job.id(),
          request,
          files.directory(job.id()),
          limits.outputBytes(),
          run,
          application ->
              ends.savePatiently(
                  job,
                  before -> {
                    Job running = before.running(Instant.now());
                    return application.map(running::as).orElse(running);
                  }));
    } finally {
      run.end();
      queries.remove(job.id());
    }
  }

  private void runInCluster(LiveJob job, ApplicationRequest request)
      throws JobFailure, ClusterRuns.LeftException, IOException {
    if (!cluster.hold(job.id())) {
      job.stop(Stop.GATEWAY_STOPS);
      throw new JobFailure(Stop.GATEWAY_STOPS.sentence());
    }
    cluster.run(
        job,
        request,
        () ->
            ends.savePatiently(job, it -> it.running(Instant.now()).drivenBy(JobDriver.ASKED_FOR)));
  }

  private void runApplication(LiveJob job, ApplicationRequest request)
      throws JobFailure, IOException, InterruptedException {
    // What an earlier attempt left must not be taken for the end of this one.
    ApplicationRunner.forgetAttempt(files.directory(job.id()));
    Process process = applications.start(files.directory(job.id()), request);
    try {
      ProcessIdentity identity =
          ProcessIdentity.of(process.toHandle())
              .orElseThrow(() -> new JobFailure("spark-submit could not be started"));
      files.addProcess(job.id(), identity);
      ends.savePatiently(job, before -> before.running(Instant.now()));
    } catch (JobFailure | IOException unwritten) {
      process.destroyForcibly();
      throw unwritten;
    }
    job.endBy(() -> ProcessTree.end(List.of(process.toHandle()), limits.stopTime()));
    if (job.stop().isEmpty()) {
      letProceed(job, process);
    }
    process.waitFor();
    checkExit(job.id());
  }

  private static void letProceed(LiveJob job, Process process) {
    try {
      ApplicationRunner.proceed(process);
    } catch (IOException gone) {
      // What it has left behind tells how it ended.
      LOG.debug("the process of job {} has ended before it began", job.id(), gone);
    }
  }

  /**
   * Looks how the process of an application has ended.
   *
   * @throws JobFailure when that was no good end
   * @throws IOException when it can not be read
   */
  void checkExit(JobId id) throws IOException, JobFailure {
    OptionalInt code = ApplicationRunner.exitCode(files.directory(id));
    if (code.isEmpty()) {
      throw new JobFailure("interrupted: its process was killed");
    }
    if (code.getAsInt() != 0) {
      throw new JobFailure("spark-submit ended with exit code " + code.getAsInt());
    }
  }
}
