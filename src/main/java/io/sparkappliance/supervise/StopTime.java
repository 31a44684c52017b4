package io.sparkappliance.supervise;

import java.time.Duration;
import java.util.function.LongUnaryOperator;

/** Time for an orderly stop, which may become less while it runs, but never more. */
final class StopTime {
  /** Both as {@link System#nanoTime} counts. */
  private record Window(long since, long end) {}

  /** Whatever is longer is for ever, and could not be counted in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(365);

  private Window window;

  /** Begins now. */
  StopTime(Duration whole) {
    long now = System.nanoTime();
    window = new Window(now, now + nanos(whole));
  }

  /** From now on there is no more than this left. */
  synchronized void shorten(Duration left) {
    long now = System.nanoTime();
    long end = now + nanos(left);
    if (end - window.end() < 0) {
      window = new Window(now, end);
    }
  }

  private static long nanos(Duration time) {
    return (time.compareTo(LONGEST) < 0 ? time : LONGEST).toNanos();
  }

  private synchronized Window window() {
    return window;
  }

  /** What is left from now on, whole. */
  Share whole() {
    return share(LongUnaryOperator.identity());
  }

  /** What is left from now on, except the last quarter of it, or that much of it. */
  Share allBut(Duration last) {
    return share(left -> left - Math.min(last.toNanos(), left / 4));
  }

  /** No more than this of what is left from now on, nor than a quarter of it. */
  Share atMost(Duration most) {
    return share(left -> Math.min(most.toNanos(), left / 4));
  }

  /** So many parts of what is left from now on, except the last of it. */
  Share partsBut(Duration last, int parts, int ofAll) {
    return share(left -> Math.max(0, left - last.toNanos()) * parts / ofAll);
  }

  private Share share(LongUnaryOperator part) {
    return new Share(System.nanoTime(), part);
  }

  /** A part of the time, which becomes less when the whole does. */
  final class Share {
    private final long begun;
    private final LongUnaryOperator part;

    private Share(long begun, LongUnaryOperator part) {
      this.begun = begun;
      this.part = part;
    }

    /** So many parts of this. */
    Share parts(int parts, int ofAll) {
      return new Share(begun, left -> part.applyAsLong(left) * parts / ofAll);
    }

    /** Nanoseconds until it is over; zero or less when it is. */
    long left() {
      Window now = window();
      return since(now) + length(now) - System.nanoTime();
    }

    /** How long it is in all. */
    Duration length() {
      return Duration.ofNanos(length(window()));
    }

    private long length(Window now) {
      return part.applyAsLong(Math.max(0, now.end() - since(now)));
    }

    private long since(Window now) {
      return begun - now.since() > 0 ? begun : now.since();
    }
  }
}
