package io.sparkappliance.supervise;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

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
    /** It gives its work to others, sends clients away, and then ends. */
    DRAINING,
    /** It was told to end. */
    STOPPING,
    /** A daemon died too often. */
    FAILED
  }

  /**
   * Whether every daemon does its work now, or stands by for one that does, and will go on: who
   * sends clients to a node shall send none to one that ends.
   */
  public boolean isReady() {
    return (phase == Phase.STARTING || phase == Phase.RUNNING)
        && daemons.stream().allMatch(daemon -> daemon.state().isWell());
  }

  /** Which daemon died too often and why: {@code sql: it ended with exit code 1}. */
  public Optional<String> failure() {
    return daemons.stream()
        .filter(daemon -> daemon.state() == State.FAILED)
        .findFirst()
        .map(daemon -> daemon.name() + ": " + daemon.reason().orElse(""));
  }

  /**
   * One line for people: {@code ready}, or what is missing. It begins with {@code broken} where
   * something died or does not answer any more, and time alone need not help.
   */
  public String summary() {
    if (isReady()) {
      return "ready";
    }
    return switch (phase) {
      case PREPARING -> "preparing: init scripts, configuration, libraries";
      case FAILED -> "broken: " + failure().orElse("failed");
      // Whatever serves until its turn comes is well.
      case DRAINING, STOPPING -> inPhase(states(daemon -> true));
      case STARTING, RUNNING -> {
        List<String> missing = states(daemon -> !daemon.state().isWell());
        yield isBroken() ? "broken: " + String.join("; ", missing) : inPhase(missing);
      }
    };
  }

  private boolean isBroken() {
    return daemons.stream()
        .map(DaemonStatus::state)
        .anyMatch(state -> state == State.BACKING_OFF || state == State.UNREADY);
  }

  private String inPhase(List<String> states) {
    return phase.name().toLowerCase(Locale.ROOT) + ": " + String.join("; ", states);
  }

  private List<String> states(Predicate<DaemonStatus> which) {
    return daemons.stream()
        .filter(which)
        .flatMap(
            daemon -> {
              String reason = daemon.reason().map(text -> " (" + text + ")").orElse("");
              String state = " " + daemon.state().label() + reason;
              return daemon.roles().stream().map(role -> role.label() + state);
            })
        .toList();
  }
}
