package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterDrivers.Driver;
import io.sparkappliance.jobs.DriverLogs.Copied;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jobs whose drivers run on workers. A driver needs no gateway: this one asks for it once, and then
 * follows it, as does whoever comes after this gateway. A driver of which nobody can tell what
 * became of it makes its job lost, and is never asked for again.
 */
final class ClusterRuns {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterRuns.class);

  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration KILL_AGAIN = Duration.ofSeconds(15);

  /** Looks in vain for the rest of a log, when the driver is over. */
  private static final int LAST_LOOKS = 5;

  private static final Set<String> OVER = Set.of("FINISHED", "FAILED", "KILLED", "ERROR");

  /** Its successor has another id, and the same mark. */
  private static final String RELAUNCHING = "RELAUNCHING";

  private final JobFiles files;
  private final ApplicationRunner applications;
  private final Drivers drivers;
  private final long outputBytes;
  private final Set<JobId> held = ConcurrentHashMap.newKeySet();
  private final CountDownLatch leaving = new CountDownLatch(1);

  /**
   * Runs them.
   *
   * @param outputBytes what one job may leave behind
   */
  ClusterRuns(JobFiles files, ApplicationRunner applications, long outputBytes) {
    this.files = files;
    this.applications = applications;
    this.drivers = applications.drivers();
    this.outputBytes = outputBytes;
  }

  /** The gateway stops; its driver goes on, and so does the job. */
  static final class LeftException extends Exception {
    private static final long serialVersionUID = 1;

    LeftException() {
      super("the gateway stops, the driver goes on");
    }
  }

  /** Writes a job down as running, with a driver that was asked for. */
  @FunctionalInterface
  interface Begin {
    /**
     * From then on a driver may have been asked for, so that nobody asks for it again.
     *
     * @throws IOException when it can't be written
     */
    void write() throws IOException;
  }

  /** Makes a job ready to be followed. */
  @FunctionalInterface
  interface Preparation {
    /**
     * Takes as long as it takes.
     *
     * @return false when the gateway stops meanwhile
     * @throws IOException when it can never be done
     */
    boolean isReady() throws IOException;
  }

  private interface Work {
    void run() throws JobFailure, LeftException, IOException;
  }

  /**
   * From now on a job is not ended by the gateway's own end, until {@link #run} or {@link #follow}
   * has ended.
   *
   * @return whether it is so; false: the gateway stops already
   */
  boolean hold(JobId id) {
    synchronized (held) {
      return leaving.getCount() > 0 && held.add(id);
    }
  }

  /** Whether a job goes on without the gateway. */
  boolean holds(JobId id) {
    return held.contains(id);
  }

  /** Follows none any more. */
  void leave() {
    synchronized (held) {
      leaving.countDown();
    }
  }

  /**
   * Asks for a job's driver and follows it to its end.
   *
   * @param job which is held
   * @param begin is done before a master is asked
   * @throws JobFailure when it did not end well
   * @throws LeftException when the gateway stops
   * @throws IOException when nothing was asked for
   */
  void run(LiveJob job, ApplicationRequest request, Begin begin)
      throws JobFailure, LeftException, IOException {
    whileHeld(
        job,
        () -> {
          Properties program =
              DriverProgram.of(request, DriverMark.of(job.job()), applications.defaults());
          clear(files.directory(job.id()));
          begin.write();
          ask(job, program);
          followToEnd(job);
        });
  }

  /**
   * Follows the driver that a job has, or may have.
   *
   * @param job which is held; who wants its end has its driver ended, ready or not
   * @param preparation is done first
   * @throws JobFailure when it did not end well
   * @throws LeftException when the gateway stops
   * @throws IOException when it can't be made ready
   */
  void follow(LiveJob job, Preparation preparation) throws JobFailure, LeftException, IOException {
    whileHeld(
        job,
        () -> {
          AtomicBoolean prepared = new AtomicBoolean();
          job.endBy(() -> endUnfollowed(job, prepared));
          try {
            if (!preparation.isReady()) {
              throw new LeftException();
            }
          } finally {
            prepared.set(true);
          }
          followToEnd(job);
        });
  }

  /** Who follows it after that ends it again, if need be, and looks whether it has. */
  private void endUnfollowed(LiveJob job, AtomicBoolean prepared) {
    DriverMark mark = DriverMark.of(job.job());
    Optional<Long> killed = Optional.empty();
    try {
      do {
        Optional<Driver> found = drivers.now().flatMap(known -> latest(mark, known));
        if (found.filter(driver -> OVER.contains(driver.state())).isPresent()) {
          return;
        }
        long now = System.nanoTime();
        if (found.isPresent() && killed.filter(at -> now - at < KILL_AGAIN.toNanos()).isEmpty()) {
          killed = Optional.of(now);
          kill(job, found.get());
        }
      } while (!prepared.get() && !leaving.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void kill(LiveJob job, Driver driver) throws InterruptedException {
    try {
      drivers.kill(driver.id());
    } catch (IOException notNow) {
      LOG.warn("driver {} of job {} can't be ended now: {}", driver.id(), job.id(), notNow);
    }
  }

  /** The last one: Spark may have started it anew. */
  private static Optional<Driver> latest(DriverMark mark, List<Driver> known) {
    return known.stream()
        .filter(driver -> mark.isOn(driver.program()))
        .filter(driver -> !driver.state().equals(RELAUNCHING))
        .max(
            Comparator.comparing((Driver driver) -> !OVER.contains(driver.state()))
                .thenComparing(Driver::id));
  }

  private void whileHeld(LiveJob job, Work work) throws JobFailure, LeftException, IOException {
    boolean goesOn = false;
    try {
      work.run();
    } catch (LeftException left) {
      goesOn = true;
      throw left;
    } finally {
      if (!goesOn) {
        held.remove(job.id());
      }
    }
  }

  /** What an earlier attempt left is not this one's. */
  private static void clear(Path directory) throws IOException {
    for (String file :
        List.of(
            ApplicationRunner.OUTPUT,
            ApplicationRunner.DRIVER_LOG,
            DriverLogs.POSITIONS,
            ApplicationNotes.FILE)) {
      Files.deleteIfExists(directory.resolve(file));
    }
    Files.createFile(directory.resolve(ApplicationRunner.OUTPUT));
  }

  private void ask(LiveJob job, Properties program) throws JobFailure, LeftException, IOException {
    if (job.stop().isPresent()) {
      throw new JobFailure("it was ended before it began");
    }
    switch (submit(program, files.directory(job.id()).resolve("submission.log"))) {
      case Drivers.Accepted accepted -> note(job, accepted.id());
      case Drivers.Refused refused ->
          throw new JobFailure("no master takes its driver: " + refused.why());
      case Drivers.Unknown unknown ->
          LOG.warn("whether job {} has a driver is not known: {}", job.id(), unknown.why());
    }
  }

  private Drivers.Answer submit(Properties program, Path log) throws LeftException, IOException {
    try {
      return drivers.submit(program, log, leaving).orElseThrow(LeftException::new);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new LeftException();
    }
  }

  private void followToEnd(LiveJob job) throws JobFailure, LeftException {
    Follower follower = new Follower(job);
    try {
      while (!follower.look()) {
        if (leaving.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new LeftException();
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new LeftException();
    } catch (RuntimeException trouble) {
      LOG.error("the driver of job {} can't be followed", job.id(), trouble);
      // It may still run: whatever its owner allows, it is not begun again.
      throw JobFailure.last(JobState.LOST, "the gateway could not follow its driver: " + trouble);
    }
  }

  /** It is known by its mark as well: what can't be written now is written at the next look. */
  private static void note(LiveJob job, String id) {
    JobDriver driver = new JobDriver(Optional.of(id));
    if (job.job().driver().equals(Optional.of(driver))) {
      return;
    }
    try {
      job.save(before -> before.drivenBy(driver));
    } catch (IOException notNow) {
      LOG.warn("the driver {} of job {} can't be written down now", id, job.id(), notNow);
    }
  }

  private final class Follower {
    private final LiveJob job;
    private final DriverMark mark;
    private final DriverLogs logs;
    private final AtomicBoolean ending = new AtomicBoolean();

    /** Since when a master that leads does not know the driver. */
    private Optional<Long> unknownSince = Optional.empty();

    private Optional<Long> killed = Optional.empty();
    private String told = "";

    /** The driver that has told its application. */
    private String noted = "";

    Follower(LiveJob job) {
      this.job = job;
      this.mark = DriverMark.of(job.job());
      this.logs = new DriverLogs(files.directory(job.id()), drivers, outputBytes);
      job.endBy(() -> ending.set(true));
    }

    /** Whether it has ended well. */
    boolean look() throws JobFailure, LeftException, InterruptedException {
      Optional<List<Driver>> known = drivers.now();
      Optional<Driver> found = known.flatMap(all -> latest(mark, all));
      if (found.isEmpty()) {
        checkLost(known.isPresent());
        return false;
      }
      unknownSince = Optional.empty();
      Driver driver = found.get();
      note(job, driver.id());
      tell(driver);
      Copied copied = copy(driver);
      if (OVER.contains(driver.state())) {
        copyRest(driver, copied);
        // The last one, of a program that had several.
        copyNote(driver);
        settle(driver);
        return true;
      }
      if (copied == Copied.ALL && !noted.equals(driver.id()) && copyNote(driver)) {
        noted = driver.id();
      }
      if (ending.get()) {
        kill(driver);
      }
      return false;
    }

    private void checkLost(boolean masterLeads) throws JobFailure {
      long now = System.nanoTime();
      if (!masterLeads) {
        unknownSince = Optional.empty();
      } else if (unknownSince.isEmpty()) {
        unknownSince = Optional.of(now);
      } else if (now - unknownSince.get() > drivers.patience().toNanos()) {
        throw JobFailure.last(
            JobState.LOST,
            job.job()
                .driver()
                .flatMap(JobDriver::id)
                .map(id -> "no master knows its driver " + id + " any more, nor how it ended")
                .orElse(
                    "a master was asked for its driver, and nobody knows whether it took it; it is"
                        + " not asked again"));
      }
    }

    private void tell(Driver driver) {
      String line =
          driver.worker().isPresent()
              ? ""
              : "driver %s waits for a worker with %d cores and %d MiB of memory"
                  .formatted(driver.id(), driver.cores(), driver.memoryMebibytes());
      if (line.isEmpty() || line.equals(told)) {
        return;
      }
      told = line;
      try {
        logs.say(line);
      } catch (IOException unwritten) {
        LOG.warn("the log of job {} can't be written now", job.id(), unwritten);
      }
    }

    private void copyRest(Driver driver, Copied copied) throws LeftException, InterruptedException {
      int vain = 0;
      for (Copied last = copied; last != Copied.ALL && vain < LAST_LOOKS; last = copy(driver)) {
        boolean waits = last == Copied.NONE;
        vain += waits ? 1 : 0;
        if (leaving.await(waits ? INTERVAL.toMillis() : 0, TimeUnit.MILLISECONDS)) {
          throw new LeftException();
        }
      }
    }

    private Copied copy(Driver driver) {
      try {
        return driver.worker().isEmpty() ? Copied.ALL : logs.copy(driver);
      } catch (IOException notNow) {
        LOG.warn("the log of job {} can't be written now: {}", job.id(), notNow.toString());
        return Copied.NONE;
      }
    }

    private boolean copyNote(Driver driver) {
      try {
        return driver.worker().isPresent() && logs.copyNote(driver);
      } catch (IOException notNow) {
        LOG.warn(
            "which application job {} is can't be written down now: {}",
            job.id(),
            notNow.toString());
        return false;
      }
    }

    private void kill(Driver driver) throws InterruptedException {
      long now = System.nanoTime();
      if (killed.filter(at -> now - at < KILL_AGAIN.toNanos()).isPresent()) {
        return;
      }
      killed = Optional.of(now);
      ClusterRuns.this.kill(job, driver);
    }

    private void settle(Driver driver) throws JobFailure, InterruptedException {
      String where = driver.worker().map(worker -> " on " + worker.id()).orElse("");
      switch (driver.state()) {
        case "FINISHED" -> {}
        case "FAILED" ->
            throw new JobFailure(
                "the program failed in driver " + driver.id() + where + "; its log says why");
        case "KILLED" -> {
          String ended = "driver " + driver.id() + " was ended at the master";
          // Whom nobody here has asked to end it does not want it again.
          throw job.stop().isPresent()
              ? new JobFailure(ended)
              : JobFailure.last(JobState.FAILED, ended);
        }
        default ->
            // It may run on where its worker can't be reached: not to be begun again.
            throw JobFailure.last(
                JobState.FAILED,
                "driver " + driver.id() + where + " could not go on" + trouble(driver));
      }
    }

    private String trouble(Driver driver) throws InterruptedException {
      try {
        return drivers.trouble(driver.id()).map(why -> ": " + why).orElse("");
      } catch (IOException unknown) {
        return "";
      }
    }
  }
}
