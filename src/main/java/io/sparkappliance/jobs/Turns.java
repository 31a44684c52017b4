package io.sparkappliance.jobs;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Lets so many run at once, and so many of each owner. When a place is free, it is the turn of the
 * owner who has least running; of several such, of the one who has waited longest since the last
 * turn. Among the tasks of one owner the first is first; those of one lane of an owner run one
 * after the other, and hold no place while they wait for that.
 *
 * @param <T> what is run
 */
final class Turns<T> implements AutoCloseable {
  private final String name;
  private final int places;
  private final int placesPerOwner;
  private final Function<T, Optional<String>> lanes;
  private final Consumer<T> runner;
  private final AtomicLong count = new AtomicLong();

  /** By owner, the one whose last turn is longest ago first. */
  private final Map<String, Deque<T>> waiting = new LinkedHashMap<>();

  private final Map<String, Integer> running = new HashMap<>();
  private final Set<Lane> busy = new HashSet<>();
  private final Set<Thread> threads = new HashSet<>();
  private boolean closed;

  /** Of an owner. */
  private record Lane(String owner, String name) {}

  /** Whose turn it is. */
  private record Next<T>(String owner, T task) {}

  /**
   * Runs nothing yet.
   *
   * @param name of the threads
   * @param places how many run at once
   * @param placesPerOwner how many of one owner run at once
   * @param lanes a task's lane, the same each time; empty when it has none
   * @param runner runs a task to its end; throws nothing
   */
  Turns(
      String name,
      int places,
      int placesPerOwner,
      Function<T, Optional<String>> lanes,
      Consumer<T> runner) {
    this.name = name;
    this.places = places;
    this.placesPerOwner = placesPerOwner;
    this.lanes = lanes;
    this.runner = runner;
  }

  /** Lets a task wait for its turn. Once closed, it waits for ever. */
  synchronized void add(String owner, T task) {
    waiting.computeIfAbsent(owner, _ -> new ArrayDeque<>()).add(task);
    startNext();
  }

  /** Takes a task away that waits; false when it does not, for it has begun. */
  synchronized boolean remove(String owner, T task) {
    Deque<T> queue = waiting.get(owner);
    boolean removed = queue != null && queue.remove(task);
    if (removed && queue.isEmpty()) {
      waiting.remove(owner);
    }
    return removed;
  }

  /** How many tasks of an owner wait. */
  synchronized int waiting(String owner) {
    Deque<T> queue = waiting.get(owner);
    return queue == null ? 0 : queue.size();
  }

  /** How many tasks wait. */
  synchronized int waiting() {
    return waiting.values().stream().mapToInt(Deque::size).sum();
  }

  private synchronized void startNext() {
    while (!closed && threads.size() < places) {
      Optional<Next<T>> next = next();
      if (next.isEmpty()) {
        return;
      }
      String owner = next.get().owner();
      T task = next.get().task();
      Deque<T> queue = waiting.remove(owner);
      queue.remove(task);
      lane(owner, task).ifPresent(busy::add);
      if (!queue.isEmpty()) {
        waiting.put(owner, queue);
      }
      running.merge(owner, 1, Integer::sum);
      Thread thread =
          Thread.ofVirtual()
              .name(name + "-" + count.incrementAndGet())
              .unstarted(() -> run(owner, task));
      threads.add(thread);
      thread.start();
    }
  }

  private Optional<Next<T>> next() {
    return waiting.keySet().stream()
        .filter(owner -> running.getOrDefault(owner, 0) < placesPerOwner)
        .flatMap(owner -> first(owner).stream())
        .min(Comparator.comparingInt(next -> running.getOrDefault(next.owner(), 0)));
  }

  private Optional<Next<T>> first(String owner) {
    return waiting.get(owner).stream()
        .filter(task -> lane(owner, task).filter(busy::contains).isEmpty())
        .findFirst()
        .map(task -> new Next<>(owner, task));
  }

  private Optional<Lane> lane(String owner, T task) {
    return lanes.apply(task).map(name -> new Lane(owner, name));
  }

  private void run(String owner, T task) {
    try {
      runner.accept(task);
    } finally {
      synchronized (this) {
        running.computeIfPresent(owner, (_, many) -> many == 1 ? null : many - 1);
        lane(owner, task).ifPresent(busy::remove);
        threads.remove(Thread.currentThread());
        notifyAll();
        startNext();
      }
    }
  }

  /** Begins nothing any more. */
  @Override
  public synchronized void close() {
    closed = true;
  }

  /**
   * Waits until nothing runs, and interrupts what still does after that time.
   *
   * @param time how long to wait, at most
   */
  void awaitEnd(Duration time) {
    long deadline = System.nanoTime() + time.toNanos();
    boolean interrupted = false;
    synchronized (this) {
      while (!threads.isEmpty() && !interrupted) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          break;
        }
        try {
          wait(left);
        } catch (InterruptedException stopped) {
          interrupted = true;
        }
      }
      List.copyOf(threads).forEach(Thread::interrupt);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
