package io.sparkappliance.jobs;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jobs that are not over: runs them in turn, ends them early, and writes their end down. */
final class JobRuns implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobRuns.class);

  private static final Stop CANCELLED = new Stop("cancelled");
  private static final Stop GATEWAY_STOPS = new Stop("interrupted: the gateway was stopped");
  private static final String INTERRUPTED_BEFORE = "interrupted: the gateway was restarted";

  private static final Duration LOOK_AT_OUTPUT = Duration.ofSeconds(5);
  private static final Duration WRITE_AGAIN = Duration.ofSeconds(5);

  /** Between two tries to write something down while the database is away. */
  private static final Duration AWAY = Duration.ofSeconds(2);

  private final JobFiles files;
  private final JobRecords records;
  private final SqlRunner sql;
  private final ApplicationRunner applications;
  private final JobLimits limits;
  private final String node;
  private final Map<JobId, LiveJob> live = new ConcurrentHashMap<>();
  private final Map<JobId, SqlRunner.Run> queries = new ConcurrentHashMap<>();
  private final Map<JobKind, Turns<LiveJob>> turns = new EnumMap<>(JobKind.class);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("job-limits").factory());

  private final Leftovers leftovers;
  private volatile boolean othersEnded;

  /** Neither live nor forgotten. */
  private final Set<JobId> submitting = ConcurrentHashMap.newKeySet();

  private volatile boolean stopping;

  JobRuns(
      JobFiles files,
      JobRecords records,
      SqlRunner sql,
      ApplicationRunner applications,
      JobLimits limits,
      String node) {
    this.files = files;
    this.records = records;
    this.node = node;
    this.sql = sql;
    this.applications = applications;
    this.limits = limits;
    this.leftovers = new Leftovers(records, new LeftWork());
    turns.put(
        JobKind.SQL,
        new Turns<>("query", limits.queries(), limits.runningPerUser(), LiveJob::lane, this::run));
    turns.put(
        JobKind.APPLICATION,
        new Turns<>(
            "application",
            limits.applications(),
            limits.runningPerUser(),
            _ -> Optional.empty(),
            this::run));
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

  /** Lets a job that was written down wait for its turn. */
  void add(Job job, JobRequest request) {
    add(new LiveJob(records, job, Optional.of(request)));
  }

  private void add(LiveJob job) {
    live.put(job.id(), job);
    turns.get(job.job().kind()).add(job.owner(), job);
  }

  /** A job that is not over. */
  Optional<Job> find(JobId id) {
    Optional<LiveJob> found = Optional.ofNullable(live.get(id));
    found.filter(job -> job.job().sparkApplication().isEmpty()).ifPresent(this::note);
    return found.map(LiveJob::job);
  }

  /** Writes down which application of the cluster a running job is, once it has told. */
  private void note(LiveJob job) {
    Job now = job.job();
    if (now.kind() != JobKind.APPLICATION || now.state() != JobState.RUNNING) {
      return;
    }
    Optional<String> known = now.sparkApplication().map(SparkApplication::id);
    Path directory = files.directory(job.id());
    Optional<String> told = applications.notes().id(directory);
    if (told.isEmpty() || told.equals(known)) {
      return;
    }
    try {
      Optional<SparkApplication> application = applications.notes().application(directory);
      job.save(
          before ->
              application.isPresent()
                      && before.state() == JobState.RUNNING
                      && before.attempt() == now.attempt()
                  ? before.as(application.get())
                  : before);
    } catch (IOException | RuntimeException notNow) {
      // The next look tries again; who looks has limits to watch, too.
      LOG.warn("which application job {} is could not be written down", job.id(), notNow);
    }
  }

  /** A SQL job that is being run. */
  Optional<SqlRunner.Run> query(JobId id) {
    return Optional.ofNullable(queries.get(id));
  }

  /** How many are not over. */
  JobCounts counts() {
    int queued = turns.values().stream().mapToInt(Turns::waiting).sum();
    return new JobCounts(Math.max(0, live.size() - queued), queued);
  }

  /** Waits until a job is over, or the time is. */
  void await(JobId id, Duration time) throws InterruptedException {
    LiveJob job = live.get(id);
    if (job != null) {
      job.await(JobState::isFinal, time);
    }
  }

  /**
   * Ends jobs of this gateway that others were asked to end.
   *
   * @throws IOException when the wishes can't be read or written
   */
  void endWished() throws IOException {
    for (Map.Entry<JobId, String> wish : records.wishedEnds().entrySet()) {
      LiveJob job = live.get(wish.getKey());
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
    LiveJob job = live.get(id);
    if (job == null) {
      return Optional.empty();
    }
    // Written down first: whoever comes after a crash ends it, too.
    if (!job.save(before -> before.cancelledBy(user))) {
      return Optional.empty();
    }
    if (turns.get(job.job().kind()).remove(job.owner(), job)) {
      finish(job, cancelled(job.job()));
    } else {
      job.stop(CANCELLED);
    }
    return Optional.of(job.job());
  }

  private void run(LiveJob job) {
    if (stopping) {
      return;
    }
    if (job.job().cancelledBy().isPresent()) {
      finish(job, cancelled(job.job()));
      return;
    }
    try {
      savePatiently(job, Job::starting);
      Optional<ScheduledFuture<?>> watch = Optional.empty();
      try {
        JobRequest request = job.request(files);
        watch = watch(job, Instant.now());
        switch (request) {
          case SqlRequest query -> runQuery(job, query);
          case ApplicationRequest application -> runApplication(job, application);
        }
      } finally {
        watch.ifPresent(timer -> timer.cancel(false));
        awaitEnding(job);
      }
      finish(job, job.job().succeeded(Instant.now()));
    } catch (JobFailure failure) {
      fail(job, failure.error());
    } catch (IOException | RuntimeException trouble) {
      LOG.error("job {} failed", job.id(), trouble);
      fail(job, JobError.of("the gateway could not run it: " + trouble));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      job.stop(GATEWAY_STOPS);
      fail(job, JobError.of(GATEWAY_STOPS.sentence()));
    }
  }

  private void awaitEnding(LiveJob job) {
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
              savePatiently(
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
      savePatiently(job, before -> before.running(Instant.now()));
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

  private void checkExit(JobId id) throws IOException, JobFailure {
    OptionalInt code = ApplicationRunner.exitCode(files.directory(id));
    if (code.isEmpty()) {
      throw new JobFailure("interrupted: its process was killed");
    }
    if (code.getAsInt() != 0) {
      throw new JobFailure("spark-submit ended with exit code " + code.getAsInt());
    }
  }

  /** Ends a job that takes too long or leaves too much. */
  private Optional<ScheduledFuture<?>> watch(LiveJob job, Instant started) {
    Optional<Duration> limit = job.job().submission().terms().timeLimit();
    boolean writesFreely = job.job().kind() == JobKind.APPLICATION;
    if (limit.isEmpty() && !writesFreely) {
      return Optional.empty();
    }
    Duration interval =
        limit
            .map(time -> time.dividedBy(20))
            .filter(time -> time.compareTo(LOOK_AT_OUTPUT) < 0)
            .map(time -> time.compareTo(Duration.ofMillis(50)) < 0 ? Duration.ofMillis(50) : time)
            .orElse(LOOK_AT_OUTPUT);
    return Optional.of(
        timer.scheduleWithFixedDelay(
            () -> {
              note(job);
              if (limit.isPresent() && Instant.now().isAfter(started.plus(limit.get()))) {
                job.stop(
                    new Stop(
                        "it ran longer than its time limit of "
                            + limit.get().toSeconds()
                            + " seconds"));
              } else if (writesFreely
                  && files.outputBytes(job.id(), job.job().submission().inputBytes())
                      > limits.outputBytes()) {
                job.stop(new Stop(SqlRunner.tooMuch(limits.outputBytes())));
              }
            },
            interval.toMillis(),
            interval.toMillis(),
            TimeUnit.MILLISECONDS));
  }

  /** What becomes of a job whose work did not come to a good end. */
  private void fail(LiveJob job, JobError error) {
    Job now = job.job();
    if (now.cancelledBy().isPresent()) {
      finish(job, cancelled(now));
      return;
    }
    Optional<Stop> stop = job.stop();
    if (now.state() == JobState.STARTING && stop.equals(Optional.of(GATEWAY_STOPS))) {
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

  private static Job cancelled(Job job) {
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
      if (!stopping) {
        turns.get(job.job().kind()).add(job.owner(), job);
      }
    } catch (IOException trouble) {
      LOG.error("job {} can't be begun again", job.id(), trouble);
      finish(job, otherwise);
    }
  }

  /** As soon as the database answers: that it is away is no fault of the job. */
  private void savePatiently(LiveJob job, UnaryOperator<Job> change) throws IOException {
    while (true) {
      try {
        job.save(change);
        return;
      } catch (UnreachableRecordsException away) {
        LOG.debug("job {} waits for its record", job.id(), away);
        LockSupport.parkNanos(AWAY.toNanos());
        if (stopping || Thread.currentThread().isInterrupted()) {
          throw away;
        }
      }
    }
  }

  /** Writes the end down before the job stops being live: nobody ever sees neither. */
  private void finish(LiveJob job, Job end) {
    // Who sees the end of the last job of a session may close the session.
    sql.named().leave(end.id());
    Job whole = noted(end);
    finishWhole(job, whole.leaving(files.outputBytes(whole.id(), whole.submission().inputBytes())));
  }

  private void finishWhole(LiveJob job, Job end) {
    try {
      job.finish(end);
      forget(end.id());
    } catch (TakenOverException others) {
      LOG.warn("what became of job {} does not count: {}", end.id(), others.getMessage());
      forget(end.id());
    } catch (IOException trouble) {
      // It stays known for as long as this process lives; the next one settles it.
      LOG.error("the end of job {} could not be written down", end.id(), trouble);
      if (!stopping) {
        var _ =
            timer.schedule(
                () -> Thread.startVirtualThread(() -> finishWhole(job, end)),
                WRITE_AGAIN.toMillis(),
                TimeUnit.MILLISECONDS);
      }
    }
  }

  private void forget(JobId id) {
    files.removeProcess(id);
    live.remove(id);
  }

  /** What told its name only after the last look still has it. */
  private Job noted(Job end) {
    if (end.kind() != JobKind.APPLICATION) {
      return end;
    }
    // Its pages are gone.
    return applications
        .notes()
        .id(files.directory(end.id()))
        .or(() -> end.sparkApplication().map(SparkApplication::id))
        .map(id -> end.as(new SparkApplication(id, Optional.empty())))
        .orElse(end);
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
    // In this order: what is submitted is live before it is not being submitted any more.
    leftovers.add(
        unfinished.stream()
            .filter(id -> !submitting.contains(id))
            .filter(id -> !live.containsKey(id))
            .toList(),
        true);
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
        othersEnded = true;
      } catch (IOException notNow) {
        LOG.warn(
            "can't look for programs that are no longer this gateway's: {}", notNow.toString());
      }
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

  /** Another gateway went on with these while this one was away, and does not know of them. */
  private void endWhatIsOthers() throws IOException {
    Map<JobId, ProcessIdentity> left = files.processes();
    left.keySet().removeAll(live.keySet());
    List<ProcessHandle> running =
        left.values().stream().flatMap(process -> process.find().stream()).toList();
    if (!running.isEmpty()) {
      LOG.warn("ends {} applications that are no longer this gateway's", running.size());
      ProcessTree.end(running, limits.stopTime());
    }
    left.keySet().forEach(files::removeProcess);
  }

  private final class LeftWork implements Leftovers.Work {
    @Override
    public boolean isKnown(JobId id) {
      // In this order: what is submitted is live before it is not being submitted any more.
      return submitting.contains(id) || live.containsKey(id);
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
      sql.named().leave(id);
      live.remove(id);
    }
  }

  private void recover(Job job, String why, boolean wasOthers) throws IOException {
    boolean mayHaveSession = job.kind() == JobKind.SQL && job.state() != JobState.RUNNING;
    Optional<JobRequest> request = mayHaveSession ? requestOf(job) : Optional.empty();
    LiveJob known = new LiveJob(records, job, request);
    request.ifPresent(it -> sql.named().enterAgain(job.id(), job.owner(), it));
    Optional<ProcessIdentity> mark = files.process(job.id());
    // The exit code is the last thing its process leaves; the process itself may linger a moment.
    boolean hasEnded = ApplicationRunner.exitCode(files.directory(job.id())).isPresent();
    Optional<ProcessHandle> process =
        hasEnded ? Optional.empty() : mark.flatMap(ProcessIdentity::find);
    live.put(job.id(), known);
    if (job.state() == JobState.RUNNING && process.isPresent()) {
      adopt(known, process.get());
    } else if (job.state() == JobState.RUNNING && hasEnded) {
      settle(known);
    } else if (job.cancelledBy().isPresent()) {
      finish(known, cancelled(job));
    } else if (job.state() != JobState.RUNNING) {
      // Nothing of it has begun: a process that was started waits for a word that never comes.
      files.removeProcess(job.id());
      Optional<String> session = request.flatMap(NamedSessions::sessionOf);
      if (session.isPresent() && wasOthers) {
        finish(known, job.ended(JobState.FAILED, Instant.now(), sessionGone(session.get(), job)));
        return;
      }
      known.save(before -> before.on(node).waiting());
      turns.get(job.kind()).add(job.owner(), known);
    } else {
      Job lost = job.ended(JobState.LOST, Instant.now(), JobError.of(why));
      if (job.hasAttemptsLeft()) {
        known.save(before -> lost.again().on(node));
        turns.get(job.kind()).add(job.owner(), known);
      } else {
        finish(known, lost);
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
  private Optional<JobRequest> requestOf(Job job) {
    try {
      return Optional.of(files.request(job.id()));
    } catch (IOException | JobFailure unknown) {
      return Optional.empty();
    }
  }

  private void adopt(LiveJob job, ProcessHandle process) {
    LOG.info("job {} still runs as process {}", job.id(), process.pid());
    Optional<ScheduledFuture<?>> watch = watch(job, job.job().started().orElseGet(Instant::now));
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
      job.stop(CANCELLED);
    }
  }

  /** An application whose process is gone, started by an earlier gateway. */
  private void settle(LiveJob job) {
    awaitEnding(job);
    try {
      checkExit(job.id());
      finish(job, job.job().succeeded(Instant.now()));
    } catch (JobFailure failure) {
      fail(job, failure.error());
    } catch (IOException unreadable) {
      LOG.error("how job {} ended can't be read", job.id(), unreadable);
      finish(
          job,
          job.job()
              .ended(
                  JobState.LOST,
                  Instant.now(),
                  JobError.of("its exit code can't be read: " + unreadable)));
    }
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
    stopping = true;
    turns.values().forEach(Turns::close);
    timer.shutdownNow();
  }

  /** Ends what runs, and begins nothing any more; what waits stays written down as waiting. */
  @Override
  public void close() {
    stopping = true;
    turns.values().forEach(Turns::close);
    live.values().forEach(job -> job.stop(GATEWAY_STOPS));
    Instant deadline = Instant.now().plus(limits.stopTime().multipliedBy(2));
    turns.values().forEach(queue -> queue.awaitEnd(Duration.between(Instant.now(), deadline)));
    live.values().forEach(job -> awaitRest(job, deadline));
    timer.shutdownNow();
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
    if (!now.state().isFinal() && now.state() != JobState.QUEUED) {
      finish(job, now.ended(JobState.FAILED, Instant.now(), JobError.of(GATEWAY_STOPS.sentence())));
    }
  }
}
