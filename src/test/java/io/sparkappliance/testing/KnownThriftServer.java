package io.sparkappliance.testing;

import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.settings.HostAndPort;
import java.util.Optional;

/**
 * A cluster of which nothing is known but, perhaps, its thrift server.
 *
 * @param thriftServer where it listens
 */
public record KnownThriftServer(Optional<HostAndPort> thriftServer) implements ClusterView {
  @Override
  public Optional<String> aliveMasterAddress() {
    return Optional.empty();
  }

  @Override
  public Optional<String> masterUri() {
    return Optional.empty();
  }

  @Override
  public Optional<HostAndPort> connectServer() {
    return Optional.empty();
  }
}
