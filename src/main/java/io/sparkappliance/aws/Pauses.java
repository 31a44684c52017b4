package io.sparkappliance.aws;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Time between two attempts. */
public final class Pauses {
  private Pauses() {}

  /**
   * Returns after this time, or as soon as the thread is interrupted.
   *
   * @return false when it is interrupted, and still is: there is to be no other attempt
   */
  public static boolean pause(Duration time) {
    try {
      CompletableFuture.runAsync(
              () -> {}, CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS))
          .get();
      return true;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
