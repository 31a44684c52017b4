package io.sparkappliance;

import io.sparkappliance.aws.AwsException;
import io.sparkappliance.aws.LifecycleHook;
import io.sparkappliance.aws.Notice;
import io.sparkappliance.aws.Notices;
import io.sparkappliance.settings.Settings.Draining;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * What this node does when EC2 tells its instance about its end. Whatever fails of it is one line
 * in the log, and the node ends all the same.
 */
final class Departure {
  /** As much as EC2 gives between a notice and the interruption, by whatever clock. */
  private static final Duration SPOT = Duration.ofMinutes(2);

  /** For what follows the drain. */
  private static final Duration SPARE = Duration.ofSeconds(5);

  private static final Duration LEAST = Duration.ofSeconds(10);

  /** Beyond the time that the node has for its drain. */
  private static final Duration LAST_ATTEMPT = Duration.ofMinutes(1);

  /** For the last calls, when somebody waits for the end of this process. */
  private static final Duration HURRIED = Duration.ofSeconds(5);

  /**
   * Orders to a node; each returns at once.
   *
   * @param drain gives everything to others within the time, and ends the node
   * @param retire gives the worker's work to others; the node goes on without it
   */
  record Node(Consumer<Duration> drain, Consumer<Duration> retire) {}

  /**
   * How often AWS is asked.
   *
   * @param heartbeat between two heartbeats
   * @param retry until the group waits
   */
  record Pauses(Duration heartbeat, Duration retry) {
    /**
     * A call may take a minute and a half until it is given up, so that a hook should give five
     * minutes: see the documentation.
     */
    static final Pauses DEFAULT = new Pauses(Duration.ofMinutes(1), Duration.ofSeconds(5));
  }

  private final Draining settings;
  private final Notices notices;
  private final Optional<LifecycleHook> hook;
  private final Node node;
  private final Consumer<String> say;
  private final Clock clock;
  private final Pauses pauses;
  private final CompletableFuture<Void> hurry = new CompletableFuture<>();
  private final ScheduledExecutorService heartbeats =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("heartbeats").factory());

  /** Since when the group is known to end the instance; null: it is not. */
  private volatile Instant ending;

  private volatile boolean finishes;

  private boolean heartbeatsFail;

  /**
   * Asks nothing yet.
   *
   * @param settings when to do something
   * @param hook by which the group waits, if it does
   * @param node gets orders
   * @param say gets a line for each step
   */
  Departure(
      Draining settings,
      Notices notices,
      Optional<LifecycleHook> hook,
      Node node,
      Consumer<String> say) {
    this(settings, notices, hook, node, say, Clock.systemUTC(), Pauses.DEFAULT);
  }

  Departure(
      Draining settings,
      Notices notices,
      Optional<LifecycleHook> hook,
      Node node,
      Consumer<String> say,
      Clock clock,
      Pauses pauses) {
    this.settings = settings;
    this.notices = notices;
    this.hook = hook;
    this.node = node;
    this.say = say;
    this.clock = clock;
    this.pauses = pauses;
  }

  /**
   * Returns when no notice says that the instance ends. A container that is started again after its
   * drain, because whoever runs it always does so, would be given work just to lose it.
   */
  void holdWhileInstanceEnds() {
    Optional<Notice> stands = notices.now().stream().filter(this::endsNode).findFirst();
    if (stands.isEmpty()) {
      return;
    }
    say.accept(stands.get().words() + ": nothing is started on it any more");
    if (stands.get() instanceof Notice.Termination) {
      ending = clock.instant();
      complete();
    }
    notices.awaitNone(this::endsNode);
    ending = null;
    say.accept("the instance goes on after all");
  }

  private boolean endsNode(Notice notice) {
    return notice.endsInstance() && settings.on().contains(notice.kind());
  }

  /** From now on notices are acted upon. */
  void follow() {
    notices.follow(this::act);
  }

  private void act(Notice notice) {
    if (!settings.on().contains(notice.kind())) {
      say.accept(notice.words() + "; DRAIN_ON leaves that to others");
      return;
    }
    switch (notice) {
      case Notice.Interruption interruption -> interrupted(interruption);
      case Notice.Rebalance rebalance -> {
        say.accept(rebalance.words() + ": the worker gives its work to others, the rest goes on");
        node.retire().accept(settings.timeout());
      }
      case Notice.Termination termination -> {
        say.accept(termination.words() + ": the node gives its work to others");
        ending = clock.instant();
        node.drain().accept(settings.timeout());
        beat();
      }
    }
  }

  private void interrupted(Notice.Interruption notice) {
    if (!notice.endsInstance()) {
      say.accept(notice.words() + ": at once, so that nothing can be done; goes on when it wakes");
      return;
    }
    say.accept(notice.words() + ": the node gives its work to others");
    Duration left = notice.time().map(time -> Duration.between(clock.instant(), time)).orElse(SPOT);
    Duration time = most(LEAST, least(SPOT, left).minus(SPARE));
    node.drain().accept(least(settings.timeout(), time));
  }

  private static Duration least(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Duration most(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }

  /** The group waits for a limited time, and again as long after each of these. */
  private void beat() {
    if (hook.isPresent()) {
      long pause = pauses.heartbeat().toMillis();
      try {
        var _ =
            heartbeats.scheduleWithFixedDelay(
                () -> beat(hook.get()), pause, pause, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException finished) {
        // The node has ended already.
      }
    }
  }

  private void beat(LifecycleHook beaten) {
    if (clock.instant().isAfter(ending.plus(settings.timeout()).plus(LAST_ATTEMPT))) {
      // A node that hangs must not hold its group: that goes on when the hook's own time is over.
      say.accept("warning: the drain's time is over, the group is not asked to wait any longer");
      heartbeats.shutdown();
      return;
    }
    try {
      if (beaten.heartbeat()) {
        say.accept("asked the group to wait longer: heartbeat for the hook " + beaten);
      }
      heartbeatsFail = false;
    } catch (AwsException | RuntimeException refused) {
      if (!heartbeatsFail && !finishes) {
        say.accept(
            "warning: the group may not wait until the node is done, it takes no heartbeat: "
                + refused.getMessage());
      }
      heartbeatsFail = true;
    }
  }

  /** Somebody waits for the end of this process: what is not done at once is not tried again. */
  void hurry() {
    hurry.complete(null);
  }

  /** Lets the group go on if it ends this instance: everything on this node has ended. */
  void finish() {
    finishes = true;
    notices.close();
    heartbeats.shutdownNow();
    if (ending != null) {
      complete();
    } else if (hook.isPresent()) {
      bounded(
          LAST_ATTEMPT,
          () -> {
            // Whoever stopped the node was quicker than the next look.
            if (notices.now().stream().anyMatch(Notice.Termination.class::isInstance)) {
              ending = clock.instant();
            }
          });
      if (ending != null) {
        complete();
      }
    }
  }

  private void complete() {
    if (hook.isEmpty()) {
      say.accept("the group is not told that this node is done: LIFECYCLE_HOOK is not set");
      return;
    }
    Instant last = ending.plus(settings.timeout());
    Duration left = most(Duration.ZERO, Duration.between(clock.instant(), last));
    if (!bounded(left.plus(LAST_ATTEMPT), () -> complete(hook.get(), last))) {
      say.accept("warning: the lifecycle action is not completed, AWS does not answer");
    }
  }

  /**
   * Does something that asks AWS; when somebody is in a hurry, there are seconds left for it.
   *
   * @return whether it was done in time
   */
  private boolean bounded(Duration longest, Runnable action) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("completion")
        .start(
            () -> {
              try {
                action.run();
              } finally {
                done.complete(null);
              }
            });
    var _ =
        hurry.thenRun(
            () -> {
              var _ = done.orTimeout(HURRIED.toMillis(), TimeUnit.MILLISECONDS);
            });
    try {
      done.get(longest.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException | ExecutionException never) {
      return false;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** A group sends clients of its load balancer away before it waits for a hook. */
  private void complete(LifecycleHook waiting, Instant last) {
    boolean told = false;
    try {
      while (!waiting.complete()) {
        if (!told) {
          say.accept("the group does not wait for the hook " + waiting + " yet: asks again");
          told = true;
        }
        if (!clock.instant().isBefore(last) || hurried(pauses.retry())) {
          say.accept("the group does not wait for the hook " + waiting + ": nothing to complete");
          return;
        }
      }
      say.accept("completed the lifecycle action: the hook " + waiting);
    } catch (AwsException | RuntimeException refused) {
      say.accept(
          "warning: the lifecycle action is not completed, the group goes on when its time is over: "
              + refused.getMessage());
    }
  }

  /** After the pause, or as soon as somebody is in a hurry. */
  private boolean hurried(Duration pause) {
    try {
      hurry.get(pause.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException over) {
      return false;
    } catch (ExecutionException | InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
