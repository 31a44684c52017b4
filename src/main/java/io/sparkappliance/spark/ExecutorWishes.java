package io.sparkappliance.spark;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.scheduler.cluster.StandaloneSchedulerBackend;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Await;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Tells the master again what an application said once, perhaps to nobody.
 *
 * <p>How many executors it wants, while it has work. A standalone master keeps that number in
 * memory only; the one that takes over starts from the number the application had when it was
 * submitted, zero as a rule, and drivers speak up when their wish changes. So what was wanted but
 * not granted yet, and what is lost later with a worker, would never come, and the application
 * would wait for ever.
 *
 * <p>Which executors it wants no more. A driver gives such an executor no tasks from then on, asks
 * once that it be ended, and never again: one that no master heard about would keep its place, and
 * the application would wait for ever for another.
 */
public final class ExecutorWishes implements SparkPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorWishes.class);

  private static final Duration PERIOD = Duration.ofSeconds(3);
  private static final int MOST_UNANSWERED = 10;
  private static final Duration LONGEST_ANSWER = Duration.ofMinutes(2);

  @Override
  public DriverPlugin driverPlugin() {
    return new Driver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return null;
  }

  /** Of any kind may be what it throws: Scala throws what it does not declare. */
  @FunctionalInterface
  private interface Wish {
    void say() throws Exception;
  }

  private static final class Driver implements DriverPlugin {
    private final ScheduledExecutorService clock =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("executor-wishes").factory());

    private final AtomicInteger unanswered = new AtomicInteger();
    private final AtomicBoolean unheard = new AtomicBoolean();

    /** Executors that were to end when it was looked last. */
    private Set<String> toEnd = Set.of();

    @Override
    public Map<String, String> init(SparkContext context, PluginContext plugin) {
      var conf = plugin.conf();
      // Without it there is no number, and the master gives what fits.
      if (conf.getBoolean("spark.dynamicAllocation.enabled", false)
          && conf.get("spark.master", "").startsWith("spark://")) {
        var _ =
            clock.scheduleWithFixedDelay(
                () -> repeat(context), PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
      }
      return Map.of();
    }

    private void repeat(SparkContext context) {
      try {
        repeatWhatIsWanted(context);
      } catch (Exception notNow) {
        // Thrown on, it would be the last time. The context may be ending.
        LOG.debug("not said again", notNow);
      }
    }

    private void repeatWhatIsWanted(SparkContext context) {
      if (context.statusTracker().getActiveStageIds().length > 0) {
        // None more: it sends the totals that were wanted last, for all resource profiles.
        say(() -> context.requestExecutors(0));
      }
      if (context.schedulerBackend() instanceof StandaloneSchedulerBackend backend) {
        Set<String> before = toEnd;
        toEnd = toEnd(backend);
        List<String> still = toEnd.stream().filter(before::contains).sorted().toList();
        if (!still.isEmpty()) {
          LOG.debug("said again: executors {} are not wanted any more", still);
          say(() -> end(backend, still));
        }
      }
    }

    private static void end(StandaloneSchedulerBackend backend, List<String> executors)
        throws Exception {
      Await.result(
          backend.doKillExecutors(CollectionConverters.asScala(executors).toSeq()),
          scala.concurrent.duration.Duration.create(
              LONGEST_ANSWER.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** Those that move their blocks first are no concern of the master's. */
    private static Set<String> toEnd(StandaloneSchedulerBackend backend) {
      // What Spark itself holds when it changes them.
      synchronized (backend) {
        return Set.copyOf(CollectionConverters.asJava(backend.executorsPendingToRemove().keySet()));
      }
    }

    /** On a thread of its own: a master whose node has vanished answers after two minutes. */
    private void say(Wish wish) {
      if (unanswered.incrementAndGet() > MOST_UNANSWERED) {
        unanswered.decrementAndGet();
        return;
      }
      Thread.ofVirtual().name("executor-wish").start(() -> sayNow(wish));
    }

    private void sayNow(Wish wish) {
      try {
        wish.say();
        unheard.set(false);
      } catch (Exception noMaster) {
        // Of any kind: Scala throws what it does not declare.
        if (!unheard.getAndSet(true)) {
          LOG.info(
              "no master hears how many executors are wanted, or which are not: it is said again",
              noMaster);
        }
      } finally {
        unanswered.decrementAndGet();
      }
    }

    @Override
    public void shutdown() {
      clock.shutdownNow();
    }
  }
}
