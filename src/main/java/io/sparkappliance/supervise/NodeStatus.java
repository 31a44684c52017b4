package io.sparkappliance.supervise;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

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

  /** Whether every daemon does its work now, or stands by for one that does. */
  public boolean isReady() {
    return phase != Phase.PREPARING && daemons.stream().allMatch(daemon -> daemon.state().isWell());
  }

  /** Which daemon died too often and why: {@code sql: it ended with exit code 1}. */
  public Optional<String> failure() {
    return daemons.stream()
        .filter(daemon -> daemon.state() == State.FAILED)
        .findFirst()
        .map(daemon -> daemon.name() + ": " + daemon.reason().orElse(""));
  }

  /** One line for people: {@code ready}, or what is missing. */
  public String summary() {
    if (isReady()) {
      return "ready";
    }
    return switch (phase) {
      case PREPARING -> "preparing: init scripts, configuration, libraries";
      case FAILED -> "broken: " + failure().orElse("failed");
      case STARTING, RUNNING, STOPPING ->
          phase.name().toLowerCase(Locale.ROOT) + ": " + String.join("; ", notReady());
    };
  }

  private List<String> notReady() {
    return daemons.stream()
        .filter(daemon -> !daemon.state().isWell())
        .flatMap(
            daemon -> {
              String reason = daemon.reason().map(text -> " (" + text + ")").orElse("");
              String state = " " + daemon.state().label() + reason;
              return daemon.roles().stream().map(role -> role.label() + state);
            })
        .toList();
  }
}
