package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Settings;
import java.util.List;
import java.util.Optional;

/** The nodes that somebody's word for a group stands for. */
@FunctionalInterface
public interface Members {
  /**
   * Who they are, as far as is known now: sorted, each once. May be others at the next call, and
   * may take as long as a name server takes to answer.
   */
  List<HostAndPort> now();

  /** Why these can't be worked with yet; empty: they can. Returns at once. */
  default Optional<String> missing() {
    return Optional.empty();
  }

  /**
   * Named ones. A name with several addresses, such as a service's of Docker Compose or a headless
   * one's of Kubernetes, stands for all of them; any other is left as it is, for addresses change.
   *
   * @param names as given
   */
  static Members named(List<HostAndPort> names) {
    return new NamedMembers(names, NamedMembers::lookUp);
  }

  /**
   * A cluster's masters, for a process beside the launcher: by the names that were given, or, where
   * a stack's members are followed, as the launcher has written them down.
   */
  static Members ofMasters(Settings settings) {
    Settings.Cluster cluster = settings.cluster();
    boolean ownStack =
        settings.runs(Role.MASTER) && !cluster.namesMasters() && cluster.zooKeeper().isPresent();
    return ownStack || cluster.masterNames().stack().isPresent()
        ? new WrittenMembers(settings.paths().confDir().resolve("spark-defaults.conf"))
        : named(cluster.masters());
  }
}
