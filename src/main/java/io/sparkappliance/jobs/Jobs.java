package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProxySelector;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jobs of a gateway: takes them, knows what became of them, ends and removes them. A job is
 * written down before its id is given out.
 */
public final class Jobs implements AutoCloseable {
  /** Who owns jobs where nobody tells users apart. */
  public static final String LOCAL_OWNER = "local";

  private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);

  /** A script is read as a whole before it is split. */
  private static final long MAX_SCRIPT_BYTES = 16L << 20;

  private static final Duration ELECTION = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration GO_ON = Duration.ofSeconds(10);
  private static final Duration BETWEEN = Duration.ofSeconds(2);

  /** A thousand jobs that were left must not keep a gateway from its work. */
  private static final Duration GO_ON_AT_START = Duration.ofSeconds(30);

  private static final Duration STOP_TIME = Duration.ofSeconds(8);

  private final JobStore store;
  private final JobFiles files;
  private final JobRecords records;
  private final ClusterView cluster;
  private final SqlRunner sql;
  private final JobRuns runs;
  private final JobIntake intake;
  private final SqlProgress progress;
  private final Retention retention;
  private final ApplicationRunner applications;
  private final Heartbeat heartbeat;

  private final JobReading reading;

  private final ScheduledExecutorService left =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("left-jobs").factory());

  /**
   * Jobs that wait for {@link #start}.
   *
   * @param store where they are; closed with them
   * @param times of the heartbeat, where others share the store
   * @param giveUp what to do when another gateway has taken this one for dead
   */
  Jobs(
      JobStore store,
      ClusterView cluster,
      SqlRunner sql,
      SqlProgress progress,
      ApplicationRunner applications,
      JobLimits limits,
      Heartbeat.Times times,
      Runnable giveUp) {
    this.store = store;
    this.files = store.files();
    this.records = store.records();
    this.cluster = cluster;
    this.sql = sql;
    this.progress = progress;
    this.applications = applications;
    String node = store.gateways().node();
    this.runs = new JobRuns(files, records, sql, applications, limits, node);
    this.intake = new JobIntake(files, records, runs, sql.named(), limits, node);
    this.reading = new JobReading(files, id -> runs.find(id).isPresent());
    this.retention = new Retention(files, records, limits);
    this.heartbeat = new Heartbeat(store.gateways(), times, new Duties(giveUp));
  }

  /** What this gateway does for the others. */
  private final class Duties implements Heartbeat.Duties {
    private final Runnable giveUp;

    Duties(Runnable giveUp) {
      this.giveUp = giveUp;
    }

    @Override
    public void endWished() throws IOException {
      runs.endWished();
    }

    @Override
    public void takeOver(List<JobId> claimed) {
      runs.takeOver(claimed);
    }

    @Override
    public void findForgotten() throws IOException {
      runs.findForgotten();
    }

    @Override
    public void clearAway(Gateways.Other gone) throws IOException {
      files.share().deleteIncoming(gone.id(), records::has);
    }

    @Override
    public void giveUp() {
      LOG.error("another gateway has taken this one for dead, and goes on with its jobs");
      giveUp.run();
    }
  }

  /**
   * Opens a node's jobs. Those that an earlier process left unfinished go on where that is
   * possible, and are settled where it is not.
   *
   * @param settings where jobs are kept, how many run at once
   * @param credentials the password of the appliance's own SQL user
   * @param cluster where the thrift server is
   * @param hostname part of that user's name
   * @param environment of this process
   * @param giveUp what to do when another gateway has taken this one for dead, and its jobs are
   *     that one's: nothing of this process counts any more
   * @throws io.sparkappliance.settings.ConfigurationException when gateways that share a database
   *     have different folders
   * @throws IOException when their records can't be used
   */
  public static Jobs open(
      Settings settings,
      Credentials credentials,
      ClusterView cluster,
      String hostname,
      Map<String, String> environment,
      Runnable giveUp)
      throws IOException {
    Settings.Gateway gateway = settings.gateway();
    SqlSessions sessions =
        new SqlSessions(
            settings.paths().sparkHome(),
            settings.application().sqlUser(hostname),
            settings.access().thrift() == Settings.AuthMode.TOKEN
                ? credentials.apiToken()
                : HiveJdbc.NO_PASSWORD);
    JobStore store = JobStore.open(settings, hostname, environment);
    Jobs jobs =
        new Jobs(
            store,
            cluster,
            new SqlRunner(
                cluster,
                sessions,
                new NamedSessions(
                    sessions,
                    store.files().sessions(),
                    gateway.sessions().idle(),
                    gateway.sessions().perUser(),
                    Clock.systemUTC())),
            SqlProgress.of(settings, cluster),
            ApplicationRunner.of(settings, environment, cluster),
            JobLimits.of(gateway, STOP_TIME),
            Heartbeat.Times.DEFAULT,
            giveUp);
    jobs.start();
    return jobs;
  }

  /**
   * Checks what several gateways share, before there is one.
   *
   * @param environment where the way to S3 is looked up
   * @return why that can't be told now; empty: it is as it should be
   * @throws io.sparkappliance.settings.ConfigurationException when it can't be shared
   */
  public static Optional<String> checkShared(Settings settings, Map<String, String> environment) {
    return JobStore.check(settings, environment);
  }

  /** Goes on with what an earlier process left, and clears away what is old. */
  void start() throws IOException {
    List<String> earlier = store.gateways().enter();
    // Before anything is looked for that is this gateway's without its knowledge.
    runs.findLeft();
    if (store.isShared()) {
      // From now on others watch whether it lives.
      heartbeat.start();
    }
    earlier.forEach(this::clearUploads);
    sql.named().start();
    runs.goOnWithLeft(GO_ON_AT_START);
    var _ =
        left.scheduleWithFixedDelay(
            () -> runs.goOnWithLeft(GO_ON),
            BETWEEN.toMillis(),
            BETWEEN.toMillis(),
            TimeUnit.MILLISECONDS);
    retention.start();
  }

  private void clearUploads(String process) {
    try {
      files.share().deleteIncoming(process, records::has);
    } catch (IOException stays) {
      LOG.warn("uploads of an earlier process can't be removed: {}", stays.toString());
    }
  }

  /** What tables there are. */
  public SqlCatalog catalog() {
    return sql.catalog();
  }

  /** The sessions that users have named. */
  public NamedSessions sessions() {
    return sql.named();
  }

  /**
   * Tells others of the ends of this gateway's jobs, as soon as it is started.
   *
   * @param settings who may be told
   * @param proxies the way to them
   * @param outcome is called with a job when its receiver was told, or will never be
   */
  public Webhooks webhooks(
      Settings.Webhooks settings, ProxySelector proxies, Consumer<Job> outcome) {
    return new Webhooks(
        records,
        new WebhookSender(settings, WebhookClient.of(settings, proxies), Clock.systemUTC()),
        Webhooks.Patience.DEFAULT,
        outcome,
        Clock.systemUTC());
  }

  /** How many jobs are not over, those of other gateways as well where that can be told. */
  public JobCounts counts() {
    if (store.isShared()) {
      try {
        return records.counts();
      } catch (IOException unreachable) {
        LOG.debug("jobs of other gateways can't be counted", unreachable);
      }
    }
    return runs.jobs().counts();
  }

  /** Where uploads may be spooled before they are submitted. */
  public Path incoming() {
    return files.incoming();
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
   * @param terms how it is to be treated
   * @return the job, written down; an earlier one if its owner sent the same under the same key
   * @throws InvalidRequestException when the script can't be used
   * @throws ConflictException when its owner sent something else under the same key
   * @throws QuotaException when its owner has too much already
   * @throws UnavailableException when no thrift server runs, or too many jobs wait
   * @throws IOException when it can't be written down
   */
  public Job submitQuery(String owner, SqlRequest request, Path script, Terms terms)
      throws IOException {
    request.parameters().checkUsed(checkScript(script));
    if (request.session().isPresent() && terms.maxAttempts() > 1) {
      throw new InvalidRequestException(
          "max_attempts", "must be 1 in a session, where what follows counts on what was before");
    }
    if (!sql.isAvailable()) {
      throw SqlCatalog.noServer();
    }
    return intake.submit(owner, request, Upload.of(script), terms);
  }

  private static List<String> checkScript(Path script) throws IOException {
    if (Files.size(script) > MAX_SCRIPT_BYTES) {
      throw new InvalidRequestException(
          "file", "is too large for a SQL script: at most " + (MAX_SCRIPT_BYTES >> 20) + " MiB");
    }
    try {
      List<String> statements = SqlScript.split(Files.readString(script));
      if (statements.isEmpty()) {
        throw new InvalidRequestException("file", "has no SQL statement in it");
      }
      return statements;
    } catch (CharacterCodingException notText) {
      throw new InvalidRequestException("file", "is no text in UTF-8");
    }
  }

  /** What programs this node can run now. */
  public Set<ApplicationRequest.Language> languages() {
    return applications.languages();
  }

  /**
   * Takes an application.
   *
   * @param owner who submits it
   * @param request what came with it
   * @param upload the uploaded files; they are moved away
   * @param terms how it is to be treated
   * @return the job, written down; an earlier one if its owner sent the same under the same key
   * @throws InvalidRequestException when this node can't run such a program
   * @throws ConflictException when its owner sent something else under the same key
   * @throws QuotaException when its owner has too much already
   * @throws UnavailableException when no master leads, also after some seconds, or too many jobs
   *     wait
   * @throws IOException when it can't be written down
   */
  public Job submitApplication(String owner, ApplicationRequest request, Upload upload, Terms terms)
      throws IOException {
    request.language().require(languages());
    awaitLeader();
    return intake.submit(owner, request, upload, terms);
  }

  /**
   * Finds a job.
   *
   * @param owner who asks; other people's jobs are not found; empty: everybody's are
   * @throws IOException when its record can't be read
   */
  public Optional<Job> find(Optional<String> owner, JobId id) throws IOException {
    Optional<Job> running = runs.find(id);
    Optional<Job> found = running.isPresent() ? running : records.find(id);
    return found.filter(job -> owner.isEmpty() || owner.get().equals(job.owner()));
  }

  /** How far a job is; empty where nobody can tell, and for what is no running SQL job. */
  public Optional<JobProgress> progress(Job job) {
    return job.state() == JobState.RUNNING
        ? runs.query(job.id()).flatMap(progress::of)
        : Optional.empty();
  }

  /**
   * A page of jobs.
   *
   * @throws IOException when they can't be read
   */
  public JobPage list(JobQuery query) throws IOException {
    return records.list(query);
  }

  /**
   * Waits until a job is over.
   *
   * @param time how long to wait, at most
   * @return the job as it is then
   * @throws IOException when its record can't be read
   * @throws InterruptedException when this thread is interrupted
   */
  public Job await(Job job, Duration time) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    runs.await(job.id(), time);
    Job now = find(Optional.empty(), job.id()).orElse(job);
    while (store.isShared() && !now.state().isFinal() && System.nanoTime() < deadline) {
      // Another gateway's.
      LockSupport.parkNanos(Math.min(LOOK.toNanos(), deadline - System.nanoTime()));
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      now = find(Optional.empty(), job.id()).orElse(now);
    }
    return now;
  }

  /**
   * Asks for the end of a job. It ends soon: a statement at once, an application within its grace
   * period. One that ends by itself meanwhile keeps its own end.
   *
   * @param job the job
   * @param user who asks
   * @return the job as it is now
   * @throws ConflictException when it is over
   * @throws IOException when it can't be written down
   */
  public Job cancel(Job job, String user) throws IOException {
    Optional<Job> here = runs.cancel(job.id(), user);
    // Another gateway's, or one that was left and is not gone on with yet: who does will see it.
    Optional<Job> there =
        here.isEmpty() && records.wishEnd(job.id(), user)
            ? records.find(job.id())
            : Optional.empty();
    return here.or(() -> there).orElseThrow(() -> new ConflictException("the job is over already"));
  }

  /**
   * Removes a job and all it has left behind.
   *
   * @throws ConflictException when it is not over
   * @throws IOException when something can't be removed
   */
  public void delete(Job job) throws IOException {
    if (find(Optional.empty(), job.id()).filter(now -> !now.state().isFinal()).isPresent()) {
      throw new ConflictException("the job is not over; cancel it first");
    }
    retention.delete(job.id());
    LOG.info("job {} deleted", job.id());
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
    reading.writeOutput(job, format, out);
  }

  /**
   * The results that a SQL job has left behind, without their rows.
   *
   * @throws UnavailableException when another gateway wrote them, and this one can't see them yet
   * @throws IOException when they can't be read
   */
  public List<ResultInfo> results(Job job) throws IOException {
    return reading.results(job);
  }

  /**
   * Writes out rows of one result.
   *
   * @param job a SQL job that is over
   * @param result which of its results, from 0
   * @param format how
   * @param offset the first row, from 0
   * @param limit how many rows, at most
   * @param out where to; not closed
   * @throws UnavailableException when too many read such a format, before anything is written
   * @throws IOException when it can't be read or written
   */
  public void writeResult(
      Job job, int result, ResultFormat format, long offset, long limit, OutputStream out)
      throws IOException {
    reading.writeResult(job, result, format, offset, limit, out);
  }

  /**
   * The script of a SQL job, or the text of a program.
   *
   * @return empty for a jar
   * @throws IOException when it can't be read
   */
  public Optional<InputStream> input(Job job) throws IOException {
    return reading.input(job);
  }

  /**
   * Reads a part of what an application writes, while it runs and afterwards.
   *
   * @param stream which of the two
   * @param offset where to begin, in bytes from the beginning
   * @param limit how many bytes, at most
   * @throws IOException when it can't be read
   */
  public LogPart log(Job job, LogStream stream, long offset, int limit) throws IOException {
    return reading.log(job, stream, offset, limit);
  }

  /**
   * Ends the applications that a gateway which is gone has left behind. For whoever stops a node,
   * when no gateway will come back to watch them.
   *
   * @param settings where jobs are; there need not be any
   * @param grace how long they have for an orderly end
   * @return how many were still running
   * @throws IOException when it can't be read
   */
  public static int endLeftovers(Settings settings, Duration grace) throws IOException {
    return JobRuns.endLeftovers(JobStore.filesOf(settings), grace);
  }

  /** Ends what runs; what waits goes on waiting, for the next process. */
  @Override
  public void close() {
    retention.close();
    endLeft();
    runs.close();
    sql.close();
    if (store.isShared()) {
      heartbeat.close();
    }
    store.close();
  }

  /** Nothing is taken up again after that: it would be stopped by nobody. */
  private void endLeft() {
    runs.leaveTheRest();
    left.shutdown();
    try {
      if (!left.awaitTermination(STOP_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
        left.shutdownNow();
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends as a crash does: whatever runs goes on, and nobody is told. */
  void abandon() {
    retention.close();
    endLeft();
    runs.abandon();
    heartbeat.stop();
    store.close();
  }
}
