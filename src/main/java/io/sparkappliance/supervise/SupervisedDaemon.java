package io.sparkappliance.supervise;

import io.sparkappliance.daemon.DaemonSpec;
import io.sparkappliance.daemon.Probe;
import io.sparkappliance.daemon.ProcessStarter;
import io.sparkappliance.settings.Settings.Supervision;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One daemon's life. Everything but {@link #stopWithin} and {@link #killTree} runs on the
 * supervisor's deciding thread.
 */
final class SupervisedDaemon {
  private static final Duration PROBE_WHILE_STARTING = Duration.ofMillis(300);
  private static final Duration PROBE_WHEN_READY = Duration.ofSeconds(15);

  /** One probe that fails is a hiccup. */
  private static final int FAILED_PROBES_UNTIL_UNREADY = 2;

  private final DaemonSpec spec;
  private final ProcessStarter starter;
  private final OutputDrain output;
  private final Supervisor.Events events;
  private final Supervision supervision;
  private final Backoff backoff;
  private final Clock clock;
  private final Deque<Instant> failures = new ArrayDeque<>();

  private volatile State state = State.WAITING;
  private volatile Process process;
  private volatile Instant since;
  private final AtomicInteger restarts = new AtomicInteger();
  private volatile Duration timeToReady;
  private volatile String reason;
  private volatile boolean ending;
  private Instant started;
  private int failedProbes;

  SupervisedDaemon(
      DaemonSpec spec,
      ProcessStarter starter,
      OutputDrain output,
      Supervisor.Events events,
      Supervision supervision,
      Backoff backoff,
      Clock clock) {
    this.spec = spec;
    this.starter = starter;
    this.output = output;
    this.events = events;
    this.supervision = supervision;
    this.backoff = backoff;
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
        Optional.ofNullable(reason));
  }

  /** Starts a process if what it needs is ready; otherwise waits to be asked again. */
  void startIfPossible() {
    if (ending) {
      return;
    }
    if (!events.areReady(spec.after())) {
      reason = "waits for " + String.join(", ", spec.after());
      become(State.WAITING);
      return;
    }
    started = clock.instant();
    failedProbes = 0;
    Process fresh;
    try {
      fresh = starter.start(spec.command());
    } catch (IOException cantStart) {
      failed("it can't be started: " + cantStart.getMessage());
      return;
    }
    process = fresh;
    Thread drain = output.start(fresh.getInputStream());
    var _ =
        fresh.onExit().thenAccept(ended -> joinThen(drain, () -> events.later(() -> ended(ended))));
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
    boolean news = state != next;
    if (news) {
      state = next;
      since = clock.instant();
    }
    events.changed();
  }

  private void probe(Process probed) {
    Probe probe = state == State.STARTING ? spec.readiness() : spec.liveness();
    Thread.ofVirtual()
        .name("probe of " + name())
        .start(
            () -> {
              Optional<String> missing;
              try {
                missing = probe.missing();
              } catch (RuntimeException broken) {
                missing = Optional.of("the probe failed: " + broken);
              }
              Optional<String> result = missing;
              events.later(() -> probed(probed, result));
            });
  }

  private void probed(Process probed, Optional<String> missing) {
    if (!probed.equals(process) || !probed.isAlive() || ending) {
      return;
    }
    if (missing.isEmpty()) {
      isReady();
    } else {
      isMissing(missing.get());
    }
    if (probed.equals(process) && probed.isAlive()) {
      Duration pause = state == State.READY ? PROBE_WHEN_READY : PROBE_WHILE_STARTING;
      events.after(pause, () -> probeAgain(probed));
    }
  }

  private void probeAgain(Process probed) {
    if (probed.equals(process) && probed.isAlive() && !ending) {
      probe(probed);
    }
  }

  private void isReady() {
    failedProbes = 0;
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

  private void isMissing(String what) {
    if (state == State.STARTING) {
      reason = what;
      Duration waited = Duration.between(started, clock.instant());
      if (waited.compareTo(supervision.readyTimeout()) > 0) {
        // The exit that follows counts as the failure.
        events.say("%s is not ready after %d s: %s".formatted(name(), waited.toSeconds(), what));
        reason = "not ready in time: " + what;
        killTree();
      }
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

  private void ended(Process ended) {
    if (!ended.equals(process) || ending) {
      return;
    }
    String how = "it ended with exit code " + ended.exitValue();
    boolean late = reason != null && reason.startsWith("not ready in time");
    failed(late ? reason : how);
  }

  private void failed(String what) {
    process = null;
    reason = what;
    Instant now = clock.instant();
    failures.addLast(now);
    while (failures.getFirst().isBefore(now.minus(supervision.restartWindow()))) {
      failures.removeFirst();
    }
    if (failures.size() > supervision.maxRestarts()) {
      become(State.FAILED);
      events.gaveUp(this, what, output.lastLines());
      return;
    }
    Duration pause = backoff.after(failures.size());
    events.say(
        "%s failed (%s); restart %d of at most %d in %.1f s"
            .formatted(
                name(),
                what,
                failures.size(),
                supervision.maxRestarts(),
                pause.toMillis() / 1000.0));
    become(State.BACKING_OFF);
    events.after(pause, this::restart);
  }

  private void restart() {
    if (!ending) {
      restarts.incrementAndGet();
      startIfPossible();
    }
  }

  /** Asks the process to end; kills what is left of it and its children after the given time. */
  void stopWithin(Duration share) {
    ending = true;
    Process running = process;
    if (running != null && running.isAlive()) {
      state = State.STOPPING;
      since = clock.instant();
      List<ProcessHandle> tree = running.descendants().toList();
      running.destroy();
      try {
        if (!running.waitFor(share.toMillis(), TimeUnit.MILLISECONDS)) {
          events.say(
              "%s did not stop within %.1f s: killed".formatted(name(), share.toMillis() / 1000.0));
        }
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
      tree.forEach(ProcessHandle::destroyForcibly);
      killTree();
      running.onExit().join();
    }
    if (state != State.FAILED) {
      state = State.STOPPED;
      since = clock.instant();
    }
  }

  /** Kills the process and what it started. */
  void killTree() {
    Process running = process;
    if (running != null) {
      running.descendants().forEach(ProcessHandle::destroyForcibly);
      running.destroyForcibly();
    }
  }
}
