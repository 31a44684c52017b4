package io.sparkappliance.daemon;

import io.sparkappliance.cluster.Turn;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Role;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.LongFunction;

/**
 * A daemon of this node.
 *
 * @param name name in logs, metrics and file names
 * @param roles what it serves; the SQL driver may serve two
 * @param command how it is started
 * @param after names of the daemons on this node that must be ready before it can do anything
 * @param listens where it listens; each port must be free before it starts
 * @param readiness tells whether it has become ready, by using it
 * @param liveness tells whether it still is; asked again and again, so it must cost the cluster
 *     nothing
 * @param peers what must be there on other nodes
 * @param ending how the process ends
 * @param turn whether this node is the one of several that runs it
 * @param renewal whether another command has to take the place of {@code command}
 */
public record DaemonSpec(
    String name,
    List<Role> roles,
    Command command,
    List<String> after,
    List<HostAndPort> listens,
    Probe readiness,
    Probe liveness,
    Peers peers,
    Ending ending,
    Turn turn,
    Renewal renewal) {
  /**
   * What must be there on other nodes. Its absence is not this daemon's failure.
   *
   * @param presence tells what is missing
   * @param beforeStart tells without whom the daemon would fail, so that it starts only then
   */
  public record Peers(Probe presence, Probe beforeStart) {
    /** For a daemon that needs nobody. */
    public static final Peers NONE = some(Optional::empty);

    /** For one that starts without them. */
    public static Peers some(Probe presence) {
      return new Peers(presence, Optional::empty);
    }
  }

  /**
   * How the process ends.
   *
   * @param onPurpose why this exit code is the program's own decision and no failure; empty: it is
   *     a failure
   * @param aftermath what to do at once, whatever the code; must end by itself soon
   * @param retirement makes the program that asks the process with this id to give its work to
   *     others, before it is told to end; it has done so when nothing runs that it started. Empty:
   *     it has nothing to give
   * @param hopeless why one that was ready never will be again, although it runs: when that has
   *     been so for a moment it is ended and started anew. Asked before liveness; what it says is
   *     missing, too
   */
  public record Ending(
      IntFunction<Optional<String>> onPurpose,
      Runnable aftermath,
      Optional<LongFunction<Command>> retirement,
      Probe hopeless) {
    /** For a daemon that has no reason to end, and nothing to give to others. */
    public static final Ending FAILURE =
        new Ending(code -> Optional.empty(), () -> {}, Optional.empty(), Optional::empty);

    /** For one that may lose what it can't do without, and runs on. */
    public static Ending failureOr(Probe hopeless) {
      return new Ending(FAILURE.onPurpose(), FAILURE.aftermath(), Optional.empty(), hopeless);
    }

    /** For one that retires before it ends. */
    static Ending retiring(LongFunction<Command> retirement) {
      return new Ending(
          FAILURE.onPurpose(), FAILURE.aftermath(), Optional.of(retirement), Optional::empty);
    }
  }

  /** Takes copies that can't be changed. */
  public DaemonSpec {
    roles = List.copyOf(roles);
    after = List.copyOf(after);
    listens = List.copyOf(listens);
  }

  /** A daemon whose readiness probe costs nothing. */
  public DaemonSpec(
      String name,
      List<Role> roles,
      Command command,
      List<String> after,
      List<HostAndPort> listens,
      Probe readiness) {
    this(name, roles, command, after, listens, readiness, readiness, Peers.NONE);
  }

  /** A daemon that has no reason to end. */
  public DaemonSpec(
      String name,
      List<Role> roles,
      Command command,
      List<String> after,
      List<HostAndPort> listens,
      Probe readiness,
      Probe liveness,
      Peers peers) {
    this(
        name,
        roles,
        command,
        after,
        listens,
        readiness,
        liveness,
        peers,
        Ending.FAILURE,
        Turn.ALWAYS,
        Renewal.NONE);
  }
}
