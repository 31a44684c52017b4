package io.sparkappliance.aws;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Looks for notices, as often as EC2 recommends. A metadata service that is away is no notice, and
 * no news either, unless it stays away.
 */
public final class Notices implements AutoCloseable {
  static final String SPOT = "meta-data/spot/instance-action";
  static final String REBALANCE = "meta-data/events/recommendations/rebalance";
  static final String TARGET_STATE = "meta-data/autoscaling/target-lifecycle-state";

  private static final Duration PAUSE = Duration.ofSeconds(5);

  /** A minute. */
  private static final int FAILURES_WORTH_A_LINE = 12;

  private final MetadataService metadata;
  private final Clock clock;
  private final Consumer<String> say;
  private final Duration pause;
  private final Map<String, Function<String, Optional<Notice>>> paths = new TreeMap<>();

  /** By what they say: an instance that woke up may be interrupted again. */
  private final Set<Notice> told = new HashSet<>();

  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("notices").factory());

  private int failures;

  /**
   * Asks nothing yet.
   *
   * @param metadata of this instance
   * @param say is told when the service stays away, and when it is back
   */
  public Notices(MetadataService metadata, Consumer<String> say) {
    this(metadata, Clock.systemUTC(), say, PAUSE);
  }

  /**
   * Asks nothing yet.
   *
   * @param metadata of this instance
   * @param clock by which a notice may be long over
   * @param say is told when the service stays away, and when it is back
   * @param pause between two looks, a fifth more or less
   */
  public Notices(MetadataService metadata, Clock clock, Consumer<String> say, Duration pause) {
    this.metadata = metadata;
    this.clock = clock;
    this.say = say;
    this.pause = pause;
    paths.put(SPOT, text -> Notice.Interruption.parse(text, this.clock.instant()));
    paths.put(REBALANCE, text -> Optional.of(new Notice.Rebalance()));
    paths.put(TARGET_STATE, Notice.Termination::parse);
  }

  /**
   * A look.
   *
   * @param notices all that stand now
   * @param failure why there may be more
   */
  private record Look(List<Notice> notices, Optional<IOException> failure) {}

  private Look look() {
    List<Notice> notices = new ArrayList<>();
    Optional<IOException> failure = Optional.empty();
    for (Map.Entry<String, Function<String, Optional<Notice>>> path : paths.entrySet()) {
      try {
        metadata.get(path.getKey()).flatMap(path.getValue()).ifPresent(notices::add);
      } catch (IOException away) {
        failure = Optional.of(away);
      }
    }
    return new Look(notices, failure);
  }

  /** All that stand now, as far as the service tells. */
  public List<Notice> now() {
    return look().notices();
  }

  /**
   * Waits while a notice stands; while the service is away, nothing is known to have changed.
   * Returns when the thread is interrupted, too.
   *
   * @param which whether it is one of those that are waited for
   */
  public void awaitNone(Predicate<Notice> which) {
    for (Look look = look();
        look.failure().isPresent() || look.notices().stream().anyMatch(which);
        look = look()) {
      if (!Pauses.pause(atRandom())) {
        return;
      }
    }
  }

  /**
   * Looks again and again, until {@link #close}.
   *
   * @param listener is told of each notice once, on a thread of this object; must return soon
   */
  public void follow(Consumer<Notice> listener) {
    later(listener, Duration.ZERO);
  }

  private void later(Consumer<Notice> listener, Duration delay) {
    try {
      var _ =
          worker.schedule(
              () -> {
                tell(listener);
                later(listener, atRandom());
              },
              delay.toMillis(),
              TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      // Nobody listens any more.
    }
  }

  private void tell(Consumer<Notice> listener) {
    try {
      Look look = look();
      note(look.failure());
      for (Notice notice : look.notices()) {
        if (told.add(notice)) {
          listener.accept(notice);
        }
      }
    } catch (RuntimeException fault) {
      // The next look may be what the node's work depends on.
      say.accept("a look for notices of EC2 failed: " + fault);
    }
  }

  private void note(Optional<IOException> failure) {
    if (failure.isPresent()) {
      failures++;
      if (failures == FAILURES_WORTH_A_LINE) {
        say.accept(
            "warning: the instance metadata service does not answer, so that notices of EC2 would be"
                + " missed: "
                + failure.get().getMessage());
      }
    } else {
      if (failures >= FAILURES_WORTH_A_LINE) {
        say.accept("the instance metadata service answers again");
      }
      failures = 0;
    }
  }

  /** A fifth more or less: the containers of an instance shall not ask all at once. */
  private Duration atRandom() {
    long fifth = pause.toMillis() / 5;
    return Duration.ofMillis(
        pause.toMillis() - fifth + ThreadLocalRandom.current().nextLong(2 * fifth + 1));
  }

  /** Stops looking. */
  @Override
  public void close() {
    worker.shutdownNow();
  }
}
