package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import java.util.Optional;

/** What the gateway tells about the cluster. */
public interface ClusterView {
  /** Bare address of the master that is ALIVE now; empty when there is none. */
  Optional<String> aliveMasterAddress();

  /** {@code spark://h1:7077,h2:7077}, hosts sorted; empty only where no master is configured. */
  Optional<String> masterUri();

  /** Where SQL is served now; empty when no thrift server runs. */
  Optional<HostAndPort> thriftServer();

  /** Where Spark Connect is served now; empty when no such server runs. */
  Optional<HostAndPort> connectServer();

  /** Whether a new application would find a master that leads; true where nobody can tell. */
  default boolean mayHaveLeader() {
    return true;
  }
}
