package io.sparkappliance.supervise;

import java.util.List;

/**
 * How the node is, at one moment.
 *
 * @param phase where the node is in its life
 * @param daemons how each daemon is, in the order of their start
 */
public record NodeStatus(Phase phase, List<DaemonStatus> daemons) {
  /** Takes a copy that can't be changed. */
  public NodeStatus {
    daemons = List.copyOf(daemons);
  }

  /** Life of a node. */
  public enum Phase {
    /** Init scripts run, configuration and libraries are fetched; no daemon was started yet. */
    PREPARING,
    /** Not every daemon has been ready yet. */
    STARTING,
    /** Every daemon has been ready at least once. */
    RUNNING,
    /** It was told to end. */
    STOPPING,
    /** A daemon died too often. */
    FAILED
  }

  /** Whether every daemon does its work now. */
  public boolean isReady() {
    return phase != Phase.PREPARING
        && daemons.stream().allMatch(daemon -> daemon.state() == State.READY);
  }
}
