package io.sparkappliance.supervise;

import io.sparkappliance.daemon.DaemonSpec;
import io.sparkappliance.daemon.ProcessStarter;
import io.sparkappliance.settings.Settings.Supervision;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs the daemons of a node from start to stop. All decisions are taken on one thread, so that no
 * two of them contradict each other; probes and waits run elsewhere and report back.
 */
public final class Supervisor {
  private static final int GAVE_UP = 1;

  /** {@code EX_SOFTWARE} of BSD's {@code sysexits.h}: the fault is ours, not the user's. */
  private static final int INTERNAL_ERROR = 70;

  /** Until what ended processes have printed is read. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private final List<SupervisedDaemon> daemons = new ArrayList<>();
  private final Supervision supervision;
  private final Console console;
  private final DaemonLogs logs;
  private final Runnable whenReady;
  private final ScheduledThreadPoolExecutor decisions =
      new ScheduledThreadPoolExecutor(
          1,
          Thread.ofPlatform().name("decisions").factory(),
          // What a probe or a signal reports after the end is of no interest.
          new ThreadPoolExecutor.DiscardPolicy());
  private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
  private volatile NodeStatus status;

  private volatile String lastWords = "";

  /** Written on the deciding thread alone. */
  private volatile NodeStatus.Phase phase = NodeStatus.Phase.STARTING;

  /** Somebody stops the daemons one after the other, and completes {@link #exitCode} then. */
  private volatile boolean ends;

  /** Of the stop that is under way; null before. */
  private volatile StopTime stopTime;

  private volatile int code;

  /**
   * Makes a supervisor; nothing starts yet.
   *
   * @param specs the daemons in the order of their start
   * @param supervision times and limits
   * @param starter starts processes
   * @param console where lines go
   * @param logs where the daemons' logs are kept
   * @param whenReady called once, when every daemon has become ready
   */
  public Supervisor(
      List<DaemonSpec> specs,
      Supervision supervision,
      ProcessStarter starter,
      Console console,
      DaemonLogs logs,
      Runnable whenReady) {
    this(
        specs,
        supervision,
        starter,
        console,
        logs,
        whenReady,
        new Backoff(
            Duration.ofSeconds(1),
            Duration.ofMinutes(1),
            () -> ThreadLocalRandom.current().nextDouble()),
        ProbeTimes.DEFAULT);
  }

  Supervisor(
      List<DaemonSpec> specs,
      Supervision supervision,
      ProcessStarter starter,
      Console console,
      DaemonLogs logs,
      Runnable whenReady,
      Backoff backoff,
      ProbeTimes times) {
    this.supervision = supervision;
    this.console = console;
    this.logs = logs;
    this.whenReady = whenReady;
    for (DaemonSpec spec : specs) {
      OutputDrain output = new OutputDrain(spec.name(), console, logs);
      daemons.add(
          new SupervisedDaemon(
              spec, starter, output, new Events(), supervision, backoff, times, Clock.systemUTC()));
    }
    this.status = snapshot();
  }

  /** How the node is now. */
  public NodeStatus status() {
    return status;
  }

  /**
   * Starts everything and returns when everything has ended.
   *
   * @return 1 when a daemon died too often, 70 after an error of the supervisor itself, 0 after
   *     {@link #drain}; otherwise the code given to {@link #stop}
   */
  public int run() {
    logs.start();
    decide(() -> daemons.forEach(SupervisedDaemon::startIfPossible));
    int ended = exitCode.join();
    finishLogs();
    decisions.shutdownNow();
    // Said again, below what the others printed while they stopped.
    lastWords.lines().forEach(console::say);
    return ended;
  }

  private void finishLogs() {
    StopTime of = stopTime;
    StopTime.Share rest = (of == null ? new StopTime(Duration.ZERO) : of).whole();
    long end = System.nanoTime() + Math.min(rest.left(), LAST_WORDS.toNanos());
    for (SupervisedDaemon daemon : daemons) {
      daemon.awaitOutput(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
    logs.finish(Duration.ofNanos(Math.max(0, rest.left())));
  }

  /**
   * Stops everything in reverse order, within the grace period; what drains has no more than that
   * left. Returns at once; {@link #run} returns when it is done.
   *
   * @param code exit code of the node
   */
  public void stop(int code) {
    decide(
        () -> {
          if (isUp()) {
            phase = NodeStatus.Phase.STOPPING;
            console.say("stopping");
            end(code, false, supervision.gracePeriod());
          } else if (phase == NodeStatus.Phase.DRAINING) {
            console.say(
                "told to stop: what is left of the drain is %d s at most"
                    .formatted(supervision.gracePeriod().toSeconds()));
            this.code = code;
            stopTime.shorten(supervision.gracePeriod());
          }
        });
  }

  /**
   * Sends clients away, ends what another node can do instead, lets those who have work for others
   * give it to them while everything else goes on, then stops the rest as {@link #stop} does.
   * Returns at once; {@link #run} returns 0 when it is done. Called again, it can only become
   * shorter.
   *
   * @param time for all of it
   */
  public void drain(Duration time) {
    decide(
        () -> {
          if (isUp()) {
            phase = NodeStatus.Phase.DRAINING;
            console.say("drains within %d s".formatted(time.toSeconds()));
            end(0, true, time);
          } else if (phase == NodeStatus.Phase.DRAINING) {
            stopTime.shorten(time);
          }
        });
  }

  /**
   * Lets those who have work for others give it to them, and ends them for good; the others go on.
   * Returns at once.
   *
   * @param time for all of it
   */
  public void retire(Duration time) {
    decide(
        () -> {
          List<SupervisedDaemon> retiring =
              daemons.stream().filter(SupervisedDaemon::retires).toList();
          if (isUp() && retiring.isEmpty()) {
            console.say("nothing on this node has work that it could give to others");
          } else if (isUp()) {
            retiring.stream().filter(one -> !one.isEnding()).forEach(one -> retire(one, time));
          }
        });
  }

  private void retire(SupervisedDaemon daemon, Duration time) {
    daemon.expectEnd();
    Thread.ofPlatform()
        .name("retirement of " + daemon.name())
        .start(() -> leaveForGood(daemon, new StopTime(time)));
  }

  /** A fault of ours must not leave one that works on, unwatched. */
  private void leaveForGood(SupervisedDaemon daemon, StopTime time) {
    try {
      daemon.leaveForGood(time, supervision.gracePeriod());
    } catch (RuntimeException fault) {
      console.say("%s can't retire, and is stopped: %s".formatted(daemon.name(), fault));
      daemon.stopWithin(new StopTime(supervision.gracePeriod()).whole());
    }
  }

  /** Kills everything that still runs, now. For the second signal. */
  public void kill() {
    for (SupervisedDaemon daemon : daemons) {
      daemon.killTree();
    }
  }

  private void decide(Runnable decision) {
    decisions.execute(() -> guarded(decision));
  }

  /** A fault of ours must not leave a node that nobody watches any more. */
  private void guarded(Runnable decision) {
    try {
      decision.run();
    } catch (RuntimeException | Error fault) {
      StringWriter trace = new StringWriter();
      fault.printStackTrace(new PrintWriter(trace));
      if (ends) {
        console.say("an error of the appliance itself while the node ends:\n" + trace);
        return;
      }
      phase = NodeStatus.Phase.FAILED;
      lastWords = "an error of the appliance itself, the node gives up:\n" + trace;
      console.say(lastWords);
      endAllTheSame();
    }
  }

  private void endAllTheSame() {
    try {
      end(INTERNAL_ERROR, false, supervision.gracePeriod());
    } catch (RuntimeException | Error another) {
      console.say("kills what runs, for it can't be stopped in order: " + another);
      kill();
      exitCode.complete(INTERNAL_ERROR);
    }
  }

  /** What daemons tell the supervisor, and how they get back onto its thread. */
  final class Events {
    /** Runs something on the deciding thread. */
    void later(Runnable decision) {
      decide(decision);
    }

    /** Runs something on the deciding thread after a pause. */
    void after(Duration pause, Runnable decision) {
      var _ = decisions.schedule(() -> guarded(decision), pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether a daemon's needs are met. */
    boolean areReady(List<String> names) {
      return daemons.stream()
          .filter(daemon -> names.contains(daemon.name()))
          .allMatch(daemon -> daemon.state() == State.READY);
    }

    void say(String message) {
      console.say(message);
    }

    /** Something changed: publish it, and see whether others can go on. On any thread. */
    void changed() {
      status = snapshot();
      // Once more by the one that decides: two who publish at a time may do so in the wrong order.
      later(Supervisor.this::publish);
    }

    /** A daemon has become ready: others may have waited for it. */
    void becameReady() {
      later(
          () -> {
            if (isUp()) {
              daemons.stream()
                  .filter(daemon -> daemon.state() == State.WAITING)
                  .forEach(SupervisedDaemon::startIfPossible);
            }
          });
    }

    /** A daemon died too often. */
    void gaveUp(SupervisedDaemon daemon, String reason, List<String> lastLines) {
      if (!isUp()) {
        return;
      }
      phase = NodeStatus.Phase.FAILED;
      lastWords = report(daemon.name(), reason, lastLines);
      console.say(lastWords);
      end(GAVE_UP, false, supervision.gracePeriod());
    }
  }

  private void publish() {
    status = snapshot();
    if (phase == NodeStatus.Phase.STARTING && status.isReady()) {
      phase = NodeStatus.Phase.RUNNING;
      status = snapshot();
      whenReady.run();
    }
  }

  private boolean isUp() {
    return phase == NodeStatus.Phase.STARTING || phase == NodeStatus.Phase.RUNNING;
  }

  private static String report(String name, String reason, List<String> lastLines) {
    StringBuilder text = new StringBuilder();
    text.append(name).append(" keeps failing, the node gives up: ").append(reason);
    if (!lastLines.isEmpty()) {
      text.append("\nlast lines of ").append(name).append(':');
      lastLines.forEach(line -> text.append("\n    ").append(line));
    }
    return text.toString();
  }

  private NodeStatus snapshot() {
    return new NodeStatus(phase, daemons.stream().map(SupervisedDaemon::status).toList());
  }

  /** A fault of ours must not keep the rest from its orderly stop. */
  private void drainOrGoOn(List<SupervisedDaemon> order, StopTime time) {
    try {
      drain(order, time);
    } catch (RuntimeException fault) {
      console.say("the drain failed, stops without it: " + fault);
    }
  }

  private void drain(List<SupervisedDaemon> order, StopTime time) {
    // First, for nobody else can serve until then.
    order.stream()
        .filter(SupervisedDaemon::hasTurn)
        .forEach(one -> one.passTurn(time.atMost(supervision.gracePeriod())));
    StopTime.Share retirement = time.allBut(supervision.gracePeriod());
    order.stream().filter(SupervisedDaemon::retires).forEach(one -> one.retire(retirement));
    time.shorten(supervision.gracePeriod());
    console.say("drained: stops the rest");
  }

  /** Where starts are decided, too: nothing can start behind the back of those who stop. */
  private void expectTheEndOfAll() {
    CompletableFuture.runAsync(() -> daemons.forEach(SupervisedDaemon::expectEnd), decisions)
        .join();
  }

  private void stop(List<SupervisedDaemon> order, StopTime time) {
    logs.stopping();
    for (int i = 0; i < order.size(); i++) {
      SupervisedDaemon next = order.get(i);
      int shares = order.subList(i, order.size()).stream().mapToInt(SupervisedDaemon::shares).sum();
      next.stopWithin(
          time.partsBut(logs.reserved(supervision.gracePeriod()), next.shares(), shares));
      status = snapshot();
    }
  }

  /** Stops one after the other; each may use its share of what is left of the time. */
  private void end(int code, boolean drains, Duration within) {
    this.code = code;
    StopTime time = new StopTime(within);
    stopTime = time;
    // While some give their work to others, the rest is still watched, and started again.
    daemons.stream()
        .filter(daemon -> !drains || daemon.hasTurn() || daemon.retires())
        .forEach(SupervisedDaemon::expectEnd);
    status = snapshot();
    List<SupervisedDaemon> order = daemons.reversed();
    Thread.ofPlatform()
        .name("stop")
        .start(
            () -> {
              try {
                order.forEach(SupervisedDaemon::leaveTurn);
                if (drains) {
                  drainOrGoOn(order, time);
                  expectTheEndOfAll();
                }
                stop(order, time);
              } finally {
                exitCode.complete(this.code);
              }
            });
    ends = true;
  }
}
