package io.sparkappliance.aws;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Time between two attempts. */
public final class Pauses {
  private Pauses() {}

  /** Returns after this time. */
  public static void pause(Duration time) {
    CompletableFuture.runAsync(
            () -> {}, CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS))
        .join();
  }
}
