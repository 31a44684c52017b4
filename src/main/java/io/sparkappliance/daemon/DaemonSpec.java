package io.sparkappliance.daemon;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Role;
import java.util.List;
import java.util.Optional;

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
 */
public record DaemonSpec(
    String name,
    List<Role> roles,
    Command command,
    List<String> after,
    List<HostAndPort> listens,
    Probe readiness,
    Probe liveness,
    Peers peers) {
  /**
   * What must be there on other nodes. Its absence is not this daemon's failure.
   *
   * @param presence tells what is missing
   * @param beforeStart whether the daemon would fail without them, so that it starts only then
   */
  public record Peers(Probe presence, boolean beforeStart) {
    /** For a daemon that needs nobody. */
    public static final Peers NONE = new Peers(Optional::empty, false);
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
}
