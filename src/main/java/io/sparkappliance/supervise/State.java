package io.sparkappliance.supervise;

import java.util.Locale;

/** Where a supervised daemon is in its life. */
public enum State {
  /** Not started: a daemon that it needs is not ready. */
  WAITING,
  /** Its process runs; it was not ready yet. */
  STARTING,
  /** It does its work. */
  READY,
  /** It was ready, its process runs, but it does not answer now. */
  UNREADY,
  /** Its process died; the next one starts after a pause. */
  BACKING_OFF,
  /** It was told to end. */
  STOPPING,
  /** It ended because it was told to. */
  STOPPED,
  /** It died too often; the node gives up. */
  FAILED;

  /** Name in JSON and metrics. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
