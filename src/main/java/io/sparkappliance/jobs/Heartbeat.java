package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows other gateways that this one lives, and looks after them: does what they ask of it, and
 * takes over the jobs of one that is gone.
 */
final class Heartbeat implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

  private static final int ROUNDS_BETWEEN_LOOKS = 60;

  private final Gateways gateways;
  private final Times times;
  private final Duties duties;

  /** The last beat of each other, and when it was first seen. */
  private final Map<String, Seen> seen = new HashMap<>();

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("heartbeat").factory());

  /** For what looks at files or jobs: a folder that hangs must stop no beat. */
  private final ScheduledExecutorService duty =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("for-other-gateways").factory());

  private long lastLook = System.nanoTime();
  private boolean away;

  /** What they have left is to be cleared away. */
  private final Queue<Gateways.Other> gone = new ConcurrentLinkedQueue<>();

  /** An answer may have been lost by which jobs became this gateway's. */
  private volatile boolean forgottenMayBe;

  private int rounds;

  /**
   * How often, and for how long.
   *
   * @param beat between two beats
   * @param gone for how long somebody shows no beat who is taken for dead
   */
  record Times(Duration beat, Duration gone) {
    /** A gateway that crashed is back before another one takes its jobs. */
    static final Times DEFAULT = new Times(Duration.ofSeconds(1), Duration.ofSeconds(30));
  }

  /** What has to be done. */
  interface Duties {
    /** Ends the jobs of this gateway that others wish to end. */
    void endWished() throws IOException;

    /** Sees to it that somebody goes on with jobs that are this gateway's now. */
    void takeOver(List<JobId> jobs);

    /** Finds jobs that are this gateway's without its knowledge. */
    void findForgotten() throws IOException;

    /** Clears away what a gateway that is gone has left behind. */
    void clearAway(Gateways.Other gone) throws IOException;

    /** Another one has taken this gateway for dead: nothing it says counts any more. */
    void giveUp();
  }

  private record Seen(long beat, long since) {}

  Heartbeat(Gateways gateways, Times times, Duties duties) {
    this.gateways = gateways;
    this.times = times;
    this.duties = duties;
  }

  /** Begins. */
  void start() {
    long pause = times.beat().toMillis();
    var _ = timer.scheduleWithFixedDelay(this::look, 0, pause, TimeUnit.MILLISECONDS);
    var _ = duty.scheduleWithFixedDelay(this::doDuties, pause, pause, TimeUnit.MILLISECONDS);
  }

  private void look() {
    try {
      if (!gateways.beat()) {
        timer.shutdown();
        duties.giveUp();
        return;
      }
      long now = System.nanoTime();
      if (away || now - lastLook > times.gone().toNanos() / 3) {
        // Who shows no beat may have been unable to, as this one was, and may be so for longer: a
        // pool of connections tries again after pauses of up to 5 s.
        seen.clear();
      }
      lastLook = now;
      if (away) {
        LOG.info("what gateways share can be used again");
        away = false;
      }
      removeWhoIsGone(now);
      List<JobId> claimed = gateways.claim();
      if (!claimed.isEmpty()) {
        LOG.info("takes over {} jobs", claimed.size());
      }
      duties.takeOver(claimed);
    } catch (IOException unreachable) {
      if (!away) {
        LOG.warn("jobs go on, but what they share can't be used: {}", unreachable.getMessage());
      }
      away = true;
      forgottenMayBe = true;
    } catch (RuntimeException | LinkageError fault) {
      LOG.error("an error of the appliance itself", fault);
    }
  }

  private void doDuties() {
    try {
      duties.endWished();
      if (forgottenMayBe || ++rounds % ROUNDS_BETWEEN_LOOKS == 0) {
        forgottenMayBe = false;
        duties.findForgotten();
      }
      for (Gateways.Other other = gone.peek(); other != null; other = gone.peek()) {
        duties.clearAway(other);
        gone.remove(other);
      }
    } catch (IOException trouble) {
      LOG.debug("what others wish, or have left, has to wait", trouble);
      forgottenMayBe = true;
    } catch (RuntimeException | LinkageError fault) {
      LOG.error("an error of the appliance itself", fault);
    }
  }

  private void removeWhoIsGone(long now) throws IOException {
    List<Gateways.Other> others = gateways.others();
    seen.keySet().retainAll(others.stream().map(Gateways.Other::id).toList());
    for (Gateways.Other other : others) {
      Seen last = seen.get(other.id());
      if (last == null || last.beat() != other.beat()) {
        seen.put(other.id(), new Seen(other.beat(), now));
      } else if (now - last.since() > times.gone().toNanos() && gateways.remove(other)) {
        LOG.warn(
            "the gateway of node {} shows no life for {} s",
            other.node(),
            times.gone().toSeconds());
        gone.add(other);
      }
    }
  }

  /** Ends; whatever this gateway still holds may be claimed at once. */
  @Override
  public void close() {
    stop();
    try {
      gateways.leave();
    } catch (IOException unreachable) {
      LOG.debug("others will see that this gateway is gone", unreachable);
    }
  }

  /** Ends as a crash does. */
  void stop() {
    timer.shutdownNow();
    duty.shutdownNow();
    try {
      if (!timer.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.warn("a look after other gateways hangs");
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
