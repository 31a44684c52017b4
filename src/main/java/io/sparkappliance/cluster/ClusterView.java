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
}
