package io.sparkappliance.daemon;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Role;
import java.util.List;

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
 */
public record DaemonSpec(
    String name,
    List<Role> roles,
    Command command,
    List<String> after,
    List<HostAndPort> listens,
    Probe readiness,
    Probe liveness) {
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
    this(name, roles, command, after, listens, readiness, readiness);
  }
}
