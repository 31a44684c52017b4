package io.sparkappliance.jobs;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Places for what is made in memory while somebody reads it, as slowly as they like. One is always
 * left for others than the owner of most.
 */
final class ReadingPlaces {
  private final int count;
  private final Map<String, Integer> taken = new HashMap<>();

  /**
   * All free.
   *
   * @param count at least 2
   */
  ReadingPlaces(int count) {
    this.count = count;
  }

  /**
   * Takes one, waiting for it if need be.
   *
   * @param owner of what is read
   * @return false: there was none in that time
   * @throws InterruptedException when this thread is to end
   */
  synchronized boolean take(String owner, Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (!isFreeFor(owner)) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    taken.merge(owner, 1, Integer::sum);
    return true;
  }

  private boolean isFreeFor(String owner) {
    int all = taken.values().stream().mapToInt(Integer::intValue).sum();
    return all < count && taken.getOrDefault(owner, 0) < count - 1;
  }

  /** Gives one back that was taken. */
  synchronized void giveBack(String owner) {
    taken.computeIfPresent(owner, (_, own) -> own == 1 ? null : own - 1);
    notifyAll();
  }
}
