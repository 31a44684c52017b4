package io.sparkappliance.supervise;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Brings daemons' logs to a store, piece by piece: when a piece is full, when its time has come,
 * and at the end. Everything is done on one thread of its own: whoever logs waits for no store.
 */
public final class LogShipper {
  /** Fewer are a hiccup, of which nobody has to know. */
  private static final int FAILURES_UNTIL_TOLD = 3;

  /** A store that fails in a new way each time must not fill the log. */
  private static final int MOST_TOLD = 8;

  /** Where the end is near. */
  private static final Duration LONGEST_PAUSE_AT_THE_END = Duration.ofSeconds(1);

  /** Until something that was interrupted notices. */
  private static final Duration INTERRUPTED = Duration.ofSeconds(1);

  private final Path directory;
  private final LogOwner owner;
  private final LogStore store;
  private final Duration interval;
  private final Consumer<String> say;
  private final UnshippedLog.Limits limits;
  private final Backoff backoff;
  private final Clock clock;

  /** By their place in the store. */
  private final Map<String, UnshippedLog> logs = new TreeMap<>();

  private final ScheduledThreadPoolExecutor thread;

  // What follows belongs to that thread.
  private final Set<String> told = new HashSet<>();

  /** Logs whose next piece is to be cut as soon as they have none that waits. */
  private final Set<UnshippedLog> overdue = new HashSet<>();

  private int failures;
  private boolean pausing;
  private Optional<ScheduledFuture<?>> resumption = Optional.empty();
  private boolean ending;
  private Optional<CompletableFuture<Void>> end = Optional.empty();

  /**
   * Ships nothing yet.
   *
   * @param directory where pieces wait; what an earlier start left there is shipped, too
   * @param owner whose logs they are
   * @param store gets them; closed at the end
   * @param interval pause between two pieces of a log that is written to
   * @param say gets what people have to know
   * @throws IOException when the directory can't be made or read
   */
  public LogShipper(
      Path directory, LogOwner owner, LogStore store, Duration interval, Consumer<String> say)
      throws IOException {
    this(
        directory,
        owner,
        store,
        interval,
        say,
        UnshippedLog.Limits.DEFAULT,
        new Backoff(
            Duration.ofSeconds(1),
            Duration.ofMinutes(1),
            () -> ThreadLocalRandom.current().nextDouble()),
        Clock.systemUTC());
  }

  LogShipper(
      Path directory,
      LogOwner owner,
      LogStore store,
      Duration interval,
      Consumer<String> say,
      UnshippedLog.Limits limits,
      Backoff backoff,
      Clock clock)
      throws IOException {
    this.directory = directory;
    this.owner = owner;
    this.store = store;
    this.interval = interval;
    this.say = say;
    this.limits = limits;
    this.backoff = backoff;
    this.clock = clock;
    this.thread =
        new ScheduledThreadPoolExecutor(
            1,
            Thread.ofPlatform().name("log shipper").daemon().factory(),
            // What is cut after the end is shipped by the next start.
            new ThreadPoolExecutor.DiscardPolicy());
    Files.createDirectories(directory);
    findWhatWasLeft();
  }

  private void findWhatWasLeft() throws IOException {
    for (Path place : LeftLogs.in(directory, say)) {
      try {
        log(place.toString());
      } catch (IOException unreadable) {
        LeftLogs.passOver(directory.resolve(place), unreadable, say);
      }
    }
  }

  /** Begins to ship. */
  void start() {
    var _ =
        thread.scheduleWithFixedDelay(
            () -> guarded(this::cutWhatIsDue), 0, interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * What a role has logged; always the same for one role.
   *
   * @throws IOException when it can't be kept on disk
   */
  UnshippedLog logOf(String role) throws IOException {
    return log(owner.place(role));
  }

  private UnshippedLog log(String place) throws IOException {
    synchronized (logs) {
      UnshippedLog log = logs.get(place);
      if (log == null) {
        log =
            new UnshippedLog(
                directory.resolve(place), place, limits, clock, say, () -> later(this::work));
        logs.put(place, log);
      }
      return log;
    }
  }

  private List<UnshippedLog> logs() {
    synchronized (logs) {
      return new ArrayList<>(logs.values());
    }
  }

  private void later(Work work) {
    thread.execute(() -> guarded(work));
  }

  /** What may fail for want of disk space. */
  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  /** Nothing may end the thread. */
  private void guarded(Work work) {
    try {
      work.run();
    } catch (IOException e) {
      failed(
          new ShipmentFailure("%s can't be read and written: %s".formatted(directory, e), true, e));
    } catch (RuntimeException | LinkageError fault) {
      failed(new ShipmentFailure("an error of the appliance itself: " + fault, false, fault));
    }
  }

  /** While pieces wait the next one grows: many small ones would help nobody. */
  private void cutWhatIsDue() throws IOException {
    overdue.addAll(logs());
    cutOverdue();
    work();
  }

  private void cutOverdue() throws IOException {
    for (UnshippedLog log : List.copyOf(overdue)) {
      if (!log.isWaiting()) {
        overdue.remove(log);
        log.cut();
      }
    }
  }

  private void work() throws IOException {
    Optional<IOException> full = pack();
    if (!pausing) {
      ship();
    }
    if (full.isPresent()) {
      throw full.get();
    }
  }

  /** Where the disk is full, shipping what is packed makes room. */
  private Optional<IOException> pack() {
    Optional<IOException> failure = Optional.empty();
    for (UnshippedLog log : logs()) {
      try {
        log.pack();
      } catch (IOException e) {
        failure = Optional.of(e);
      }
    }
    return failure;
  }

  private void ship() throws IOException {
    for (Optional<Next> next = next(); next.isPresent(); next = next()) {
      UnshippedLog log = next.get().log();
      LogChunk chunk = next.get().chunk();
      if (log.hold(chunk)) {
        try {
          store.put(log.nameOf(chunk), chunk.file());
          log.shipped(chunk);
        } catch (ShipmentFailure failure) {
          failed(failure);
          return;
        } finally {
          log.release();
        }
        succeeded(log);
      }
    }
    cutOverdue();
    removeWhatIsOthers();
    if (logs().stream().noneMatch(UnshippedLog::isWaiting)) {
      end.ifPresent(it -> it.complete(null));
    }
  }

  private record Next(UnshippedLog log, LogChunk chunk) {}

  /** The oldest of all. */
  private Optional<Next> next() {
    return logs().stream()
        .flatMap(log -> log.next().map(chunk -> new Next(log, chunk)).stream())
        .min(Comparator.comparing(next -> next.chunk().name()));
  }

  private void failed(ShipmentFailure failure) {
    if (thread.isShutdown()) {
      // It was broken off: that is told as what stays.
      return;
    }
    failures++;
    boolean tell = !failure.isTemporary() || failures >= FAILURES_UNTIL_TOLD;
    if (tell && told.size() < MOST_TOLD && told.add(failure.getMessage())) {
      say.accept(
          "warning: logs can't be sent, they wait on disk: %s".formatted(failure.getMessage()));
    }
    if (end.isPresent() && !failure.isTemporary()) {
      end.get().complete(null);
      return;
    }
    Duration pause = backoff.after(failures);
    if (ending && pause.compareTo(LONGEST_PAUSE_AT_THE_END) > 0) {
      pause = LONGEST_PAUSE_AT_THE_END;
    }
    pausing = true;
    resumption.ifPresent(earlier -> earlier.cancel(false));
    resumption =
        Optional.of(
            thread.schedule(() -> guarded(this::resume), pause.toMillis(), TimeUnit.MILLISECONDS));
  }

  private void resume() throws IOException {
    pausing = false;
    work();
  }

  private void succeeded(UnshippedLog log) {
    failures = 0;
    if (!told.isEmpty()) {
      told.clear();
      say.accept("logs are sent again");
    }
    log.tellLosses();
  }

  /** Of earlier nodes that had this data directory; our own remember how far they are. */
  private void removeWhatIsOthers() throws IOException {
    String own = owner.stack() + "/" + owner.instance() + "/";
    List<Map.Entry<String, UnshippedLog>> others;
    synchronized (logs) {
      others = logs.entrySet().stream().filter(entry -> !entry.getKey().startsWith(own)).toList();
    }
    for (Map.Entry<String, UnshippedLog> other : others) {
      if (other.getValue().removeIfDone()) {
        synchronized (logs) {
          logs.remove(other.getKey());
        }
      }
    }
  }

  /** Ships what is there while daemons still end, and waits less from now on. */
  void stopping() {
    later(
        () -> {
          ending = true;
          pausing = false;
          cutAll();
        });
  }

  private void cutAll() throws IOException {
    for (UnshippedLog log : logs()) {
      log.cut();
    }
    work();
  }

  /**
   * Ships the rest, and returns when that is done or the time is over. What is left is shipped by
   * the next start.
   *
   * @param left time for it
   */
  void finish(Duration left) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    later(
        () -> {
          ending = true;
          pausing = false;
          end = Optional.of(done);
          cutAll();
        });
    try {
      done.get(left.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException notAll) {
      // Told below.
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    thread.shutdownNow();
    awaitInterrupted();
    tellWhatStays();
    store.close();
  }

  /** What is being done with a file is done, or broken off, before anybody else looks at it. */
  private void awaitInterrupted() {
    try {
      var _ = thread.awaitTermination(INTERRUPTED.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void tellWhatStays() {
    long bytes = 0;
    for (UnshippedLog log : logs()) {
      bytes += log.bytes();
      log.tellLosses();
    }
    if (bytes > 0) {
      say.accept(
          "warning: %d bytes of logs were not sent in time and stay in %s: the next start with this data directory sends them"
              .formatted(bytes, directory));
    }
  }
}
