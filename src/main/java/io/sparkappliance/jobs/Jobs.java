package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jobs of a gateway: takes them, runs so many at once, and knows what became of them, also
 * those of an earlier process. A job is written down before its id is given out.
 */
public final class Jobs implements AutoCloseable {
  /** Who owns jobs where nobody tells users apart. */
  public static final String LOCAL_OWNER = "local";

  private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);

  /** A script is read as a whole before it is split. */
  private static final long MAX_SCRIPT_BYTES = 16L << 20;

  private static final Duration ELECTION = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(200);

  private static final String SCRIPT = "script.sql";
  private static final String INTERRUPTED = "interrupted: the gateway was stopped";
  private static final String INTERRUPTED_BEFORE = "interrupted: the gateway was restarted";

  /**
   * How much is done at once.
   *
   * @param queries SQL jobs that run at once
   * @param applications applications that run at once
   * @param waiting jobs of each kind that may wait for their turn
   * @param stopTime how long running jobs have for an orderly end when the gateway stops
   */
  public record Limits(int queries, int applications, int waiting, Duration stopTime) {}

  private final JobStore store;
  private final ClusterView cluster;
  private final SqlRunner sql;
  private final ApplicationRunner applications;
  private final Limits limits;
  private final Map<JobId, Live> live = new ConcurrentHashMap<>();
  private final ExecutorService queryThreads;
  private final ExecutorService applicationThreads;
  private final Semaphore queryPlaces;
  private final Semaphore applicationPlaces;
  private volatile boolean stopping;

  /** A job that is not over, with the way to end it early. */
  private static final class Live {
    private volatile Job job;
    private volatile Optional<SqlRunner.Run> query = Optional.empty();
    private volatile Optional<ProcessHandle> process = Optional.empty();

    Live(Job job) {
      this.job = job;
    }
  }

  /** What a job does once it is its turn. */
  @FunctionalInterface
  private interface Work {
    void run(Live job) throws JobFailure, IOException, InterruptedException;
  }

  Jobs(
      JobStore store,
      ClusterView cluster,
      SqlRunner sql,
      ApplicationRunner applications,
      Limits limits) {
    this.store = store;
    this.cluster = cluster;
    this.sql = sql;
    this.applications = applications;
    this.limits = limits;
    this.queryThreads = threads("query-", limits.queries());
    this.applicationThreads = threads("application-", limits.applications());
    this.queryPlaces = new Semaphore(limits.queries() + limits.waiting());
    this.applicationPlaces = new Semaphore(limits.applications() + limits.waiting());
  }

  /**
   * Opens a node's jobs and settles those that an earlier process left unfinished: an application
   * that still runs is watched on, everything else that did not end is marked as interrupted.
   *
   * @param settings where jobs are kept, how many run at once
   * @param credentials the password of the appliance's own SQL user
   * @param cluster where the thrift server is
   * @param hostname part of that user's name
   * @param environment of this process
   * @throws IOException when the store can't be used
   */
  public static Jobs open(
      Settings settings,
      Credentials credentials,
      ClusterView cluster,
      String hostname,
      Map<String, String> environment)
      throws IOException {
    Settings.Gateway gateway = settings.gateway();
    SqlSessions sessions =
        new SqlSessions(
            settings.paths().sparkHome(),
            settings.application().sqlUser(hostname),
            settings.access().thrift() == Settings.AuthMode.TOKEN
                ? credentials.apiToken()
                : HiveJdbc.NO_PASSWORD,
            gateway.maxConcurrentQueries());
    Jobs jobs =
        new Jobs(
            JobStore.open(gateway.jobsDir()),
            cluster,
            new SqlRunner(cluster, sessions),
            ApplicationRunner.of(settings, environment),
            new Limits(
                gateway.maxConcurrentQueries(),
                gateway.maxConcurrentApplications(),
                100,
                Duration.ofSeconds(8)));
    jobs.recover();
    return jobs;
  }

  /** Where uploads may be spooled before they are submitted. */
  public Path incoming() {
    return store.incoming();
  }

  /** An election takes a moment; without ZooKeeper there is none, and a driver would give up. */
  private void awaitLeader() {
    long deadline = System.nanoTime() + ELECTION.toNanos();
    while (!cluster.mayHaveLeader()) {
      if (System.nanoTime() > deadline) {
        throw new UnavailableException(
            "no master leads, so that no application can start; the masters wait for ZooKeeper, or"
                + " are still electing one of them. Try again later");
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  /**
   * Takes a SQL script.
   *
   * @param owner who submits it
   * @param request what came with it
   * @param script the uploaded file; it is moved away
   * @return the job, written down
   * @throws InvalidRequestException when the script can't be used
   * @throws UnavailableException when no thrift server runs, or too many jobs wait
   * @throws IOException when it can't be written down
   */
  public Job submitQuery(String owner, SqlRequest request, Path script) throws IOException {
    checkScript(script);
    if (!sql.isAvailable()) {
      throw new UnavailableException(
          "no thrift server answers: start one with START_THRIFTSERVER=true on this node or on a"
              + " master's, or name one in THRIFT_SERVER");
    }
    JobId id = JobId.random();
    Path directory = store.directory(id);
    return submit(
        Job.accepted(id, JobKind.SQL, owner, Instant.now()),
        script,
        SCRIPT,
        queryPlaces,
        queryThreads,
        job -> {
          SqlRunner.Run run = new SqlRunner.Run();
          job.query = Optional.of(run);
          // Whoever sets "stopping" cancels the runs it sees; this one may have come too late.
          if (stopping) {
            run.cancel();
          }
          save(job, job.job.running(Instant.now()));
          sql.run(request, directory.resolve(SCRIPT), directory.resolve(JobOutput.RESULTS), run);
        });
  }

  private static void checkScript(Path script) throws IOException {
    if (Files.size(script) > MAX_SCRIPT_BYTES) {
      throw new InvalidRequestException(
          "file", "is too large for a SQL script: at most " + (MAX_SCRIPT_BYTES >> 20) + " MiB");
    }
    try {
      if (SqlScript.split(Files.readString(script)).isEmpty()) {
        throw new InvalidRequestException("file", "has no SQL statement in it");
      }
    } catch (CharacterCodingException notText) {
      throw new InvalidRequestException("file", "is no text in UTF-8");
    }
  }

  /**
   * Takes an application.
   *
   * @param owner who submits it
   * @param request what came with it
   * @param file the uploaded file; it is moved away
   * @return the job, written down
   * @throws UnavailableException when no master leads, also after some seconds, or too many jobs
   *     wait
   * @throws IOException when it can't be written down
   */
  public Job submitApplication(String owner, ApplicationRequest request, Path file)
      throws IOException {
    awaitLeader();
    JobId id = JobId.random();
    Path directory = store.directory(id);
    return submit(
        Job.accepted(id, JobKind.APPLICATION, owner, Instant.now()),
        file,
        request.language().fileName(),
        applicationPlaces,
        applicationThreads,
        job -> {
          Process process = applications.start(directory, request);
          ProcessIdentity identity =
              ProcessIdentity.of(process.toHandle())
                  .orElseThrow(() -> new JobFailure("spark-submit could not be started"));
          job.process = Optional.of(process.toHandle());
          try {
            save(job, job.job.running(Instant.now(), identity));
          } catch (IOException unwritten) {
            process.destroyForcibly();
            throw unwritten;
          }
          if (stopping) {
            ProcessTree.end(List.of(process.toHandle()), limits.stopTime());
          } else {
            ApplicationRunner.proceed(process);
          }
          process.waitFor();
          checkExit(directory);
        });
  }

  private static void checkExit(Path directory) throws IOException, JobFailure {
    OptionalInt code = ApplicationRunner.exitCode(directory);
    if (code.isEmpty()) {
      throw new JobFailure("interrupted: its process was killed");
    }
    if (code.getAsInt() != 0) {
      throw new JobFailure("spark-submit ended with exit code " + code.getAsInt());
    }
  }

  private Job submit(
      Job accepted,
      Path upload,
      String fileName,
      Semaphore places,
      ExecutorService threads,
      Work work)
      throws IOException {
    if (stopping) {
      throw new UnavailableException("the gateway is being stopped");
    }
    if (!places.tryAcquire()) {
      throw new UnavailableException(
          "too many jobs wait for their turn: try again when some have ended");
    }
    boolean taken = false;
    try {
      store.create(accepted.id());
      Path input = store.directory(accepted.id()).resolve(fileName);
      Files.move(upload, input, StandardCopyOption.REPLACE_EXISTING);
      JobStore.flush(input);
      store.save(accepted);
      Live job = new Live(accepted);
      live.put(accepted.id(), job);
      threads.execute(
          () -> {
            try {
              run(job, work);
            } finally {
              places.release();
            }
          });
      taken = true;
      return accepted;
    } finally {
      if (!taken) {
        places.release();
        live.remove(accepted.id());
        store.discard(accepted.id());
      }
    }
  }

  private void run(Live job, Work work) {
    try {
      if (stopping) {
        throw new JobFailure(INTERRUPTED);
      }
      save(job, job.job.starting());
      work.run(job);
      finish(job, job.job.succeeded(Instant.now()));
    } catch (JobFailure failure) {
      LOG.info("job {} failed: {}", job.job.id(), firstLine(failure.getMessage()));
      finish(job, job.job.failed(Instant.now(), stopping ? INTERRUPTED : failure.getMessage()));
    } catch (IOException | RuntimeException trouble) {
      LOG.error("job {} failed", job.job.id(), trouble);
      finish(
          job,
          job.job.failed(
              Instant.now(), stopping ? INTERRUPTED : "the gateway could not run it: " + trouble));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      finish(job, job.job.failed(Instant.now(), INTERRUPTED));
    }
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }

  private void save(Live job, Job next) throws IOException {
    store.save(next);
    job.job = next;
  }

  /** Writes the end down before the job stops being live: nobody ever sees neither. */
  private void finish(Live job, Job end) {
    try {
      store.save(end);
      live.remove(end.id());
    } catch (IOException trouble) {
      // It stays known for as long as this process lives; the next one settles it.
      LOG.error("the end of job {} could not be written down", end.id(), trouble);
    }
    job.job = end;
  }

  /**
   * Finds a job.
   *
   * @param owner who asks; other people's jobs are not found
   * @throws IOException when its record can't be read
   */
  public Optional<Job> find(String owner, JobId id) throws IOException {
    Live running = live.get(id);
    Optional<Job> found = running != null ? Optional.of(running.job) : store.find(id);
    return found.filter(job -> job.owner().equals(owner));
  }

  /**
   * Writes out what a job has left behind. It can be asked for any number of times.
   *
   * @param job a job that is over
   * @param format how; applications know text only
   * @param out where to; not closed
   * @throws IOException when it can't be read or written
   */
  public void writeOutput(Job job, OutputFormat format, OutputStream out) throws IOException {
    JobOutput.write(job, store.directory(job.id()), format, out);
  }

  /** Settles what an earlier process left unfinished; one damaged record does not stop the rest. */
  void recover() throws IOException {
    List<JobId> left = store.unfinished();
    for (JobId id : left) {
      try {
        Optional<Job> found = store.find(id);
        if (found.isEmpty()) {
          store.discard(id);
        } else {
          recover(found.get());
        }
      } catch (IOException damaged) {
        LOG.error("job {} is lost", id, damaged);
        store.save(
            Job.accepted(id, JobKind.SQL, LOCAL_OWNER, Instant.now())
                .lost(Instant.now(), "its record was damaged when the gateway was restarted"));
      }
    }
    if (!left.isEmpty()) {
      LOG.info("{} unfinished jobs of an earlier process settled", left.size());
    }
  }

  private void recover(Job job) throws IOException {
    if (job.state().isFinal()) {
      store.forget(job.id());
      return;
    }
    // The exit code is the last thing its process leaves; the process itself may linger a moment.
    boolean hasEnded = ApplicationRunner.exitCode(store.directory(job.id())).isPresent();
    Optional<ProcessHandle> process =
        hasEnded ? Optional.empty() : job.process().flatMap(ProcessIdentity::find);
    if (process.isPresent()) {
      Live running = new Live(job);
      running.process = process;
      live.put(job.id(), running);
      LOG.info("job {} still runs as process {}", job.id(), process.get().pid());
      var _ = process.get().onExit().thenRun(() -> settle(running));
    } else {
      store.save(ended(job, INTERRUPTED_BEFORE));
    }
  }

  private void settle(Live job) {
    try {
      finish(job, ended(job.job, stopping ? INTERRUPTED : INTERRUPTED_BEFORE));
    } catch (IOException unreadable) {
      LOG.error("how job {} ended can't be read", job.job.id(), unreadable);
      finish(job, job.job.lost(Instant.now(), "its exit code can't be read: " + unreadable));
    }
  }

  private Job ended(Job job, String otherwise) throws IOException {
    if (job.kind() == JobKind.APPLICATION && !otherwise.equals(INTERRUPTED)) {
      try {
        checkExit(store.directory(job.id()));
        return job.succeeded(Instant.now());
      } catch (JobFailure failure) {
        boolean known = ApplicationRunner.exitCode(store.directory(job.id())).isPresent();
        return job.failed(Instant.now(), known ? failure.getMessage() : otherwise);
      }
    }
    return job.failed(Instant.now(), otherwise);
  }

  /**
   * Ends applications that a gateway left behind when it was killed, and marks them. For the end of
   * a node, when no gateway will come back to watch them.
   *
   * @param directory the jobs' directory; need not exist
   * @param grace how long they have for an orderly end
   * @return how many were still running
   * @throws IOException when the store can't be read or written
   */
  public static int endLeftovers(Path directory, Duration grace) throws IOException {
    JobStore store = JobStore.at(directory);
    List<Job> running = new ArrayList<>();
    List<ProcessHandle> processes = new ArrayList<>();
    for (JobId id : store.unfinished()) {
      Optional<Job> job;
      try {
        job = store.find(id);
      } catch (IOException damaged) {
        LOG.error("the record of job {} is damaged", id, damaged);
        continue;
      }
      Optional<ProcessHandle> process = job.flatMap(Job::process).flatMap(ProcessIdentity::find);
      if (process.isPresent()) {
        running.add(job.get());
        processes.add(process.get());
      }
    }
    ProcessTree.end(processes, grace);
    for (Job job : running) {
      store.save(job.failed(Instant.now(), "interrupted: the node was stopped"));
    }
    return running.size();
  }

  /** Ends what runs, marks it and what waits as interrupted, and takes nothing any more. */
  @Override
  public void close() {
    stopping = true;
    queryThreads.shutdown();
    applicationThreads.shutdown();
    List<ProcessHandle> processes = new ArrayList<>();
    for (Live job : live.values()) {
      job.query.ifPresent(SqlRunner.Run::cancel);
      job.process.ifPresent(processes::add);
    }
    ProcessTree.end(processes, limits.stopTime());
    awaitEnd(queryThreads);
    awaitEnd(applicationThreads);
    for (Live job : List.copyOf(live.values())) {
      if (!job.job.state().isFinal()) {
        finish(job, job.job.failed(Instant.now(), INTERRUPTED));
      }
    }
    sql.close();
  }

  private void awaitEnd(ExecutorService threads) {
    try {
      if (!threads.awaitTermination(limits.stopTime().toMillis(), TimeUnit.MILLISECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException stopped) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private static ExecutorService threads(String prefix, int count) {
    // Daemon threads: a statement that can't be cancelled must not keep the process from ending.
    ThreadFactory factory = Thread.ofPlatform().daemon().name(prefix, 1).factory();
    return Executors.newFixedThreadPool(count, factory);
  }
}
