package io.sparkappliance.supervise;

import io.sparkappliance.cluster.Turn;
import io.sparkappliance.daemon.Command;
import io.sparkappliance.daemon.DaemonSpec;
import io.sparkappliance.daemon.Probe;
import io.sparkappliance.daemon.ProcessStarter;
import io.sparkappliance.daemon.Renewal;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Settings.Supervision;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One daemon's life. Everything but what retires, stops or kills it runs on the supervisor's
 * deciding thread.
 */
final class SupervisedDaemon {
  private static final int SIGNAL_EXIT_BASE = 128;
  private static final Duration LOOK_FOR_CHILDREN = Duration.ofMillis(200);

  private static final String LATE = "not ready in time: ";

  /** It may be needed soon: others hope that it stands by. */
  private static final Duration LONGEST_PAUSE_OF_THE_REVOKED = Duration.ofSeconds(10);

  private static final int SHARES_OF_THE_RETIRING = 4;

  /** One probe that fails is a hiccup. */
  private static final int FAILED_PROBES_UNTIL_UNREADY = 2;

  /** What is told by several probes in a row for so long is no hiccup, either. */
  private static final Duration HOPELESS = Duration.ofSeconds(20);

  private final DaemonSpec spec;
  private volatile Command command;
  private final ProcessStarter starter;
  private final OutputDrain output;
  private final Supervisor.Events events;
  private final Supervision supervision;
  private final Backoff backoff;
  private final ProbeTimes times;
  private final Clock clock;
  private final Deque<Instant> failures = new ArrayDeque<>();

  /** What its processes started, as far as it was seen: a child that lost its parent has no kin. */
  private final Set<ProcessHandle> descendants = ConcurrentHashMap.newKeySet();

  private volatile State state = State.WAITING;
  private volatile Process process;
  private volatile Instant since;
  private final AtomicInteger restarts = new AtomicInteger();
  private volatile Duration timeToReady;
  private volatile String reason;
  private volatile String lastFailure;
  private volatile boolean ending;

  /** It has given away what it could: it need not be asked again. */
  private volatile boolean retired;

  private Instant started;

  /** The first of the probes in a row that have found no hope; null: the last one has. */
  private Instant hopelessSince;

  private int failedProbes;
  private int failuresSinceReady;
  private int revocationsSinceReady;

  /** One look after another goes on until they are there, however often others become ready. */
  private boolean looking;

  private boolean peersAreMissing;

  /** Its process was told to end: that is no failure, and what follows is a look, and a start. */
  private boolean startsAnew;

  SupervisedDaemon(
      DaemonSpec spec,
      ProcessStarter starter,
      OutputDrain output,
      Supervisor.Events events,
      Supervision supervision,
      Backoff backoff,
      ProbeTimes times,
      Clock clock) {
    this.spec = spec;
    this.command = spec.command();
    this.starter = starter;
    this.output = output;
    this.events = events;
    this.supervision = supervision;
    this.backoff = backoff;
    this.times = times;
    this.clock = clock;
    this.since = clock.instant();
  }

  String name() {
    return spec.name();
  }

  State state() {
    return state;
  }

  DaemonStatus status() {
    return new DaemonStatus(
        spec.name(),
        spec.roles(),
        state,
        since,
        restarts.get(),
        Optional.ofNullable(timeToReady),
        Optional.ofNullable(reason),
        Optional.ofNullable(lastFailure));
  }

  /** Starts a process if what it needs is ready; otherwise waits to be asked again. */
  void startIfPossible() {
    if (ending || looking || process != null) {
      return;
    }
    if (!events.areReady(spec.after())) {
      reason = "waits for " + String.join(", ", spec.after());
      become(State.WAITING);
      return;
    }
    look();
  }

  /** Looks on a thread of its own, again and again; starts when nothing is missing. */
  private void look() {
    looking = true;
    Thread.ofVirtual()
        .name("look before the start of " + name())
        .start(
            () -> {
              Optional<Turn.Missing> turn = spec.turn().missing();
              Optional<String> peers =
                  turn.isEmpty() ? missing(spec.peers().beforeStart()) : Optional.empty();
              Optional<Command> better = better(Renewal.Moment.BEFORE_START);
              events.later(() -> looked(turn, peers, better));
            });
  }

  private void looked(
      Optional<Turn.Missing> turn, Optional<String> peers, Optional<Command> better) {
    better.ifPresent(it -> command = it);
    if (ending) {
      return;
    }
    Optional<String> missing =
        turn.map(Turn.Missing::reason).or(() -> peers.map(what -> "waits: " + what));
    if (missing.isEmpty()) {
      looking = false;
      start();
      return;
    }
    if (!missing.get().equals(reason)) {
      events.say(name() + " " + missing.get());
    }
    reason = missing.get();
    become(turn.filter(Turn.Missing::another).isPresent() ? State.STANDBY : State.WAITING);
    events.after(times.whileStarting(), this::look);
  }

  private void start() {
    started = clock.instant();
    failedProbes = 0;
    peersAreMissing = false;
    Optional<String> taken = takenPort();
    if (taken.isPresent()) {
      // Spark would silently take the next port, where nobody looks for it.
      failed(taken.get());
      return;
    }
    Process fresh;
    try {
      fresh = starter.start(command);
    } catch (IOException cantStart) {
      failed("it can't be started: " + cantStart.getMessage());
      return;
    }
    process = fresh;
    Thread drain = output.start(fresh.getInputStream());
    var _ =
        fresh
            .onExit()
            .thenAccept(
                ended -> {
                  // First, and beside everything else: others wait for it.
                  Thread.ofVirtual()
                      .name("aftermath of " + name())
                      .start(spec.ending().aftermath());
                  joinThen(drain, () -> events.later(() -> ended(ended)));
                });
    reason = "starting";
    become(State.STARTING);
    probe(fresh);
  }

  /** The last lines are wanted with the news of the end; a grandchild may hold the pipe open. */
  private static void joinThen(Thread drain, Runnable next) {
    try {
      drain.join(Duration.ofSeconds(1));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    next.run();
  }

  private void become(State next) {
    State before = state;
    if (before != next) {
      state = next;
      since = clock.instant();
      if (next == State.READY) {
        spec.turn().serves();
      } else if (before == State.READY) {
        spec.turn().ceases();
      }
    }
    events.changed();
  }

  private Optional<String> takenPort() {
    for (HostAndPort address : spec.listens()) {
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(new InetSocketAddress(address.host(), address.port()));
      } catch (IOException taken) {
        return Optional.of(
            "port %d can't be listened on: %s (variables that move ports are in docs/environment.md, \"Addresses and ports\")"
                .formatted(address.port(), taken.getMessage()));
      }
    }
    return Optional.empty();
  }

  /** Asks once. The answer is acted upon even when it never comes: a hung daemon is not ready. */
  private void probe(Process probed) {
    boolean wasReady = state != State.STARTING;
    Probe probe = wasReady ? spec.liveness() : spec.readiness();
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    Thread asking =
        Thread.ofVirtual()
            .name("probe of " + name())
            .start(() -> answer.complete(ask(probe, wasReady)));
    var _ =
        answer
            .completeOnTimeout(
                Answer.of(Optional.of("it takes a call and does not answer")),
                times.patience().toMillis(),
                TimeUnit.MILLISECONDS)
            .thenAccept(
                given -> {
                  // Ends a call that hangs: a virtual thread's socket is closed by it.
                  asking.interrupt();
                  events.later(() -> probed(probed, given));
                });
  }

  /**
   * What a probe found.
   *
   * @param missing of the daemon
   * @param peers missing of those it needs; looked for only when the daemon misses something
   * @param hopeless why it will go on missing it
   * @param better a command without which it would go on missing it
   */
  private record Answer(
      Optional<String> missing,
      Optional<String> peers,
      Optional<String> hopeless,
      Optional<Command> better) {
    static Answer of(Optional<String> missing) {
      return new Answer(missing, Optional.empty(), Optional.empty(), Optional.empty());
    }
  }

  private Answer ask(Probe probe, boolean wasReady) {
    Optional<String> hopeless = wasReady ? missing(spec.ending().hopeless()) : Optional.empty();
    Optional<String> missing = hopeless.isPresent() ? hopeless : missing(probe);
    return Optional.empty().equals(missing)
        ? Answer.of(missing)
        : new Answer(
            missing,
            missing(spec.peers().presence()),
            hopeless,
            better(wasReady ? Renewal.Moment.LATER : Renewal.Moment.BEFORE_READY));
  }

  private Optional<Command> better(Renewal.Moment moment) {
    try {
      return spec.renewal().command(command, moment);
    } catch (RuntimeException cantTell) {
      events.say("%s goes on with the command it has: %s".formatted(name(), cantTell));
      return Optional.empty();
    }
  }

  private static Optional<String> missing(Probe probe) {
    try {
      return probe.missing();
    } catch (RuntimeException | LinkageError broken) {
      return Optional.of("the probe failed: " + broken);
    }
  }

  private void probed(Process probed, Answer answer) {
    if (!probed.equals(process) || !probed.isAlive() || ending) {
      return;
    }
    // After the answer: whoever sees it ready may rely on it that its children are known.
    remember(probed);
    Optional<String> turn = spec.turn().lost();
    if (turn.isPresent()) {
      endInOrder(probed, turn.get());
      return;
    }
    if (answer.better().isPresent()) {
      renew(probed, answer.better().get());
      return;
    }
    peersAreMissing = answer.peers().isPresent();
    if (answer.missing().isEmpty()) {
      isReady();
    } else {
      isMissing(answer.peers().or(answer::missing).get());
      if (state == State.UNREADY) {
        endIfHopeless(probed, answer);
      }
    }
    if (probed.equals(process) && probed.isAlive()) {
      Duration pause = state == State.READY ? times.whenReady() : times.whileStarting();
      events.after(pause, () -> probeAgain(probed));
    }
  }

  /** Two that serve at once would contradict each other: this one ends, and stands by. */
  private void endInOrder(Process running, String why) {
    events.say("%s ends here: %s".formatted(name(), why));
    expectAnotherStart(running, why);
    tellToEnd(running);
    killLater(running);
  }

  /** What works for it may end, or goes to others, first. */
  private void renew(Process running, Command better) {
    String why = "those it knows are not those it needs, others are there";
    events.say("%s starts anew: %s".formatted(name(), why));
    command = better;
    expectAnotherStart(running, why);
    Thread.ofVirtual()
        .name("renewal of " + name())
        .start(
            () -> {
              retireWithin(running, new StopTime(supervision.gracePeriod()).whole());
              tellToEnd(running);
              events.later(() -> killLater(running));
            });
  }

  private void expectAnotherStart(Process running, String why) {
    startsAnew = true;
    reason = why;
    become(State.STOPPING);
    remember(running);
  }

  /** By its handle: a {@code Process} would close the pipe, and its last words would be lost. */
  private static void tellToEnd(Process running) {
    running.toHandle().destroy();
  }

  private void killLater(Process running) {
    events.after(
        supervision.gracePeriod(),
        () -> {
          if (running.equals(process)) {
            killTree();
          }
        });
  }

  private void probeAgain(Process probed) {
    if (probed.equals(process) && probed.isAlive() && !ending) {
      probe(probed);
    }
  }

  private void isReady() {
    failedProbes = 0;
    failuresSinceReady = 0;
    revocationsSinceReady = 0;
    hopelessSince = null;
    output.works();
    reason = null;
    if (state == State.STARTING) {
      timeToReady = Duration.between(started, clock.instant());
      events.say("%s is ready after %.1f s".formatted(name(), timeToReady.toMillis() / 1000.0));
    } else if (state == State.UNREADY) {
      events.say(name() + " is ready again");
    }
    become(State.READY);
    events.becameReady();
  }

  private void isMissing(String seen) {
    String what = output.explanation().map(why -> seen + "; " + why.meaning()).orElse(seen);
    if (state == State.STARTING) {
      reason = what;
      endIfLate(what);
      events.changed();
      return;
    }
    failedProbes++;
    if (failedProbes >= FAILED_PROBES_UNTIL_UNREADY) {
      reason = what;
      if (state == State.READY) {
        events.say(name() + " does not answer: " + what);
      }
      become(State.UNREADY);
    }
  }

  /** Orderly: it still runs, and may have something to write. */
  private void endIfHopeless(Process running, Answer answer) {
    if (answer.hopeless().isEmpty() || peersAreMissing) {
      hopelessSince = null;
      return;
    }
    if (hopelessSince == null) {
      hopelessSince = clock.instant();
      return;
    }
    Duration longest = supervision.readyTimeout();
    Duration patience = longest.compareTo(HOPELESS) < 0 ? longest : HOPELESS;
    if (Duration.between(hopelessSince, clock.instant()).compareTo(patience) > 0) {
      hopelessSince = null;
      lastFailure = answer.hopeless().get();
      endInOrder(running, lastFailure);
    }
  }

  private void endIfLate(String what) {
    if (peersAreMissing) {
      // Its time begins when those are there without whom it can't become ready.
      started = clock.instant();
    }
    Duration waited = Duration.between(started, clock.instant());
    if (waited.compareTo(supervision.readyTimeout()) > 0) {
      // The exit that follows counts as the failure.
      events.say("%s is not ready after %d s: %s".formatted(name(), waited.toSeconds(), what));
      reason = LATE + what;
      killTree();
    }
  }

  private void ended(Process ended) {
    if (!ended.equals(process) || ending) {
      return;
    }
    if (startsAnew) {
      startsAnew = false;
      killTree();
      process = null;
      restarts.incrementAndGet();
      startIfPossible();
      return;
    }
    int code = ended.exitValue();
    String how =
        "it ended with exit code "
            + code
            + (code > SIGNAL_EXIT_BASE ? " (signal " + (code - SIGNAL_EXIT_BASE) + ")" : "");
    boolean late = reason != null && reason.startsWith(LATE);
    Optional<String> purpose = spec.ending().onPurpose().apply(code);
    if (purpose.isPresent() && !late) {
      revoked(purpose.get());
    } else {
      failed(late ? reason : how);
    }
  }

  private void revoked(String why) {
    process = null;
    reason = why;
    revocationsSinceReady++;
    Duration pause = min(backoff.after(revocationsSinceReady), LONGEST_PAUSE_OF_THE_REVOKED);
    events.say(
        "%s ended: %s; starts again in %.1f s".formatted(name(), why, pause.toMillis() / 1000.0));
    become(State.REVOKED);
    events.after(pause, this::restart);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private void failed(String what) {
    process = null;
    reason = what;
    lastFailure = what;
    if (peersAreMissing) {
      Duration pause = backoff.after(1);
      events.say("%s ended without its peers (%s)".formatted(name(), what));
      become(State.BACKING_OFF);
      events.after(pause, this::restart);
      return;
    }
    Instant now = clock.instant();
    failures.addLast(now);
    while (failures.getFirst().isBefore(now.minus(supervision.restartWindow()))) {
      failures.removeFirst();
    }
    failuresSinceReady++;
    // One that is never ready in time may be too slow to fail often enough within the window.
    int inARow = Math.max(failures.size(), failuresSinceReady);
    if (inARow > supervision.maxRestarts()) {
      become(State.FAILED);
      events.gaveUp(this, what, output.lastLines());
      return;
    }
    Duration pause = backoff.after(inARow);
    events.say(
        "%s failed (%s); restart %d of at most %d in %.1f s"
            .formatted(name(), what, inARow, supervision.maxRestarts(), pause.toMillis() / 1000.0));
    become(State.BACKING_OFF);
    events.after(pause, this::restart);
  }

  private void restart() {
    if (!ending) {
      restarts.incrementAndGet();
      startIfPossible();
    }
  }

  /** From now on nothing is started, and an end is no failure. */
  void expectEnd() {
    ending = true;
  }

  /** Clients are sent away first, while it still serves those who are there. */
  void leaveTurn() {
    if (state == State.READY && hasTurn()) {
      events.say(name() + " is no longer announced to clients");
    }
    spec.turn().leave();
  }

  /** Whether it runs on one node at a time. */
  boolean hasTurn() {
    return !spec.turn().equals(Turn.ALWAYS);
  }

  /** Ends, if it runs here at all, so that another node can take the turn. */
  void passTurn(StopTime.Share share) {
    boolean served = process != null;
    stopWithin(share);
    spec.turn().pass();
    if (served) {
      events.say(name() + " has ended: another node may serve");
    }
  }

  /** Whether it was told to end. */
  boolean isEnding() {
    return ending;
  }

  /** Whether it has work that it can give to others. */
  boolean retires() {
    return spec.ending().retirement().isPresent();
  }

  /** How much of the time of all it may need to end. */
  int shares() {
    return retires() && !retired ? SHARES_OF_THE_RETIRING : 1;
  }

  /** Gives its work to others, and gets no more, while everything else goes on. */
  void retire(StopTime.Share share) {
    Process running = process;
    if (running != null && running.isAlive()) {
      become(State.STOPPING);
      remember(running);
      askAndWait(running, share);
    }
    retired = true;
  }

  /** Retires, and ends for good, while the node goes on. Others must not start it meanwhile. */
  void leaveForGood(StopTime time, Duration gracePeriod) {
    reason = "its work goes to others";
    retire(time.allBut(gracePeriod));
    stopWithin(time.whole());
    reason = "it gave its work to others, for good";
    become(State.RETIRED);
  }

  /** Asks the process to end; kills what is left of it and its children after the given time. */
  void stopWithin(StopTime.Share share) {
    Process running = process;
    if (running != null && running.isAlive()) {
      become(State.STOPPING);
      remember(running);
      if (!retired) {
        retireWithin(running, share.parts(4, 5));
      }
      tellToEnd(running);
      if (!endsWithin(running, share)) {
        events.say(
            "%s did not stop within %.1f s: killed"
                .formatted(name(), share.length().toMillis() / 1000.0));
      }
    }
    killTree();
    if (running != null) {
      running.onExit().join();
    }
    if (state != State.FAILED && state != State.RETIRED) {
      become(State.STOPPED);
    }
  }

  /** Lets it give its work to others, if it has any: what works for it ends by itself then. */
  private void retireWithin(Process running, StopTime.Share share) {
    if (retires() && !descendants.isEmpty()) {
      askAndWait(running, share);
    }
  }

  private void askAndWait(Process running, StopTime.Share share) {
    events.say(name() + " retires: its work goes to others");
    try {
      Process asking = starter.start(spec.ending().retirement().get().apply(running.pid()));
      boolean asked =
          asking.waitFor(Math.max(0, share.left()), TimeUnit.NANOSECONDS)
              && asking.exitValue() == 0;
      asking.destroyForcibly();
      while (asked && !descendants.isEmpty() && share.left() > 0) {
        asked = !running.waitFor(LOOK_FOR_CHILDREN.toNanos(), TimeUnit.NANOSECONDS);
        remember(running);
      }
      events.say(
          descendants.isEmpty()
              ? name() + " has nothing left to do"
              : name() + " has not given all its work to others: ends now");
    } catch (IOException cantAsk) {
      events.say("%s can't retire: %s".formatted(name(), cantAsk.getMessage()));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits, and looks again and again for children that start late. */
  private boolean endsWithin(Process running, StopTime.Share share) {
    try {
      for (long left = share.left(); left > 0; left = share.left()) {
        if (running.waitFor(Math.min(left, LOOK_FOR_CHILDREN.toNanos()), TimeUnit.NANOSECONDS)) {
          return true;
        }
        remember(running);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    return !running.isAlive();
  }

  private void remember(Process running) {
    descendants.removeIf(one -> !one.isAlive());
    running.descendants().forEach(descendants::add);
  }

  /** To be called after the end: a process that got away may hold the pipe open. */
  void awaitOutput(Duration longest) {
    output.awaitEnd(longest);
  }

  /** Kills the process and what it started, the parent first: it could start more. */
  void killTree() {
    Process running = process;
    if (running != null) {
      remember(running);
      running.toHandle().destroyForcibly();
    }
    List.copyOf(descendants).forEach(one -> one.descendants().forEach(descendants::add));
    descendants.forEach(ProcessHandle::destroyForcibly);
  }
}
