package io.sparkappliance.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** Time passes only when a test says so. */
public final class ClockByHand extends Clock {
  private volatile Instant now;

  /** Stands at a moment. */
  public ClockByHand(Instant begin) {
    now = begin;
  }

  /** It is later by this from now on. */
  public synchronized void pass(Duration time) {
    now = now.plus(time);
  }

  @Override
  public Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException();
  }
}
