package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import java.util.List;

/** The nodes that somebody's word for a group stands for. */
@FunctionalInterface
public interface Members {
  /**
   * Who they are, as far as is known now: sorted, each once. May be others at the next call, and
   * may take as long as a name server takes to answer.
   */
  List<HostAndPort> now();

  /**
   * Named ones. A name with several addresses, such as a service's of Docker Compose or a headless
   * one's of Kubernetes, stands for all of them; any other is left as it is, for addresses change.
   *
   * @param names as given
   */
  static Members named(List<HostAndPort> names) {
    return new NamedMembers(names, NamedMembers::lookUp);
  }
}
