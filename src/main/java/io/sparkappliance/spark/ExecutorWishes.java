package io.sparkappliance.spark;

import java.time.Duration;
import java.util.Map;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the master again how many executors an application with work wants. A standalone master
 * keeps that number in memory only; the one that takes over starts from the number the application
 * had when it was submitted, zero as a rule, and drivers speak up when their wish changes. So what
 * was wanted but not granted yet, and what is lost later with a worker, would never come, and the
 * application would wait for ever.
 */
public final class ExecutorWishes implements SparkPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorWishes.class);

  private static final Duration PERIOD = Duration.ofSeconds(3);
  private static final int MOST_UNANSWERED = 10;

  @Override
  public DriverPlugin driverPlugin() {
    return new Driver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return null;
  }

  private static final class Driver implements DriverPlugin {
    private final ScheduledExecutorService clock =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("executor-wishes").factory());

    private final AtomicInteger unanswered = new AtomicInteger();
    private final AtomicBoolean unheard = new AtomicBoolean();

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

    /** On a thread of its own: a master whose node has vanished answers after two minutes. */
    private void repeat(SparkContext context) {
      if (unanswered.get() < MOST_UNANSWERED
          && context.statusTracker().getActiveStageIds().length > 0) {
        unanswered.incrementAndGet();
        Thread.ofVirtual().name("executor-wish").start(() -> say(context));
      }
    }

    private void say(SparkContext context) {
      try {
        // None more: it sends the totals that were wanted last, for all resource profiles.
        context.requestExecutors(0);
        unheard.set(false);
      } catch (Exception noMaster) {
        // Of any kind: Scala throws what it does not declare.
        if (!unheard.getAndSet(true)) {
          LOG.info("no master hears how many executors are wanted: it is said again", noMaster);
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
