package io.sparkappliance.supervise;

import java.util.Locale;

/** Where a supervised daemon is in its life. */
public enum State {
  /** Not started: a daemon that it needs is not ready. */
  WAITING,
  /** Not started: another node serves. It would start if that one went away. */
  STANDBY,
  /** Its process runs; it was not ready yet. */
  STARTING,
  /** It does its work. */
  READY,
  /** It was ready, its process runs, but it does not answer now. */
  UNREADY,
  /** Its process died; the next one starts after a pause. */
  BACKING_OFF,
  /**
   * It ended by its own decision, which is no failure: a master that leads no more. The next
   * process starts after a pause, however often this happens.
   */
  REVOKED,
  /** It was told to end, for good or because another node has the turn. */
  STOPPING,
  /** It ended because it was told to, with its node. */
  STOPPED,
  /** It gave its work to others and ended, and so it was wanted: the node does without it. */
  RETIRED,
  /** It died too often; the node gives up. */
  FAILED;

  /** Whether nothing is missing. */
  boolean isWell() {
    return this == READY || this == STANDBY || this == RETIRED;
  }

  /** Name in JSON and metrics. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
