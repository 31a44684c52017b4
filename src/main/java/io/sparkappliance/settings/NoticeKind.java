package io.sparkappliance.settings;

/** What an instance on EC2 is told about its end. */
public enum NoticeKind {
  /** A spot instance will be interrupted, two minutes later. */
  SPOT,
  /** A spot instance may be interrupted soon; it goes on until then, which may be never. */
  REBALANCE,
  /** The auto-scaling group ends the instance, and waits if it has a hook for that. */
  LIFECYCLE
}
