package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A cluster whose masters are listed in the configuration. */
public final class StaticClusterView implements ClusterView {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  private final List<HostAndPort> masters;
  private final int masterUiPort;
  private final List<HostAndPort> thriftCandidates;
  private final MasterClient client;

  /**
   * Looks at the given addresses, at every call.
   *
   * @param masters the masters' RPC addresses; empty where no master is configured
   * @param masterUiPort port of every master's web page
   * @param thriftCandidates where a thrift server may listen, best first
   * @param client asks the masters
   */
  public StaticClusterView(
      List<HostAndPort> masters,
      int masterUiPort,
      List<HostAndPort> thriftCandidates,
      MasterClient client) {
    this.masters = masters.stream().sorted().toList();
    this.masterUiPort = masterUiPort;
    this.thriftCandidates = List.copyOf(thriftCandidates);
    this.client = client;
  }

  @Override
  public Optional<String> aliveMasterAddress() {
    return masters.stream().map(HostAndPort::host).filter(this::isAlive).findFirst();
  }

  private boolean isAlive(String host) {
    return client
        .status(new HostAndPort(host, masterUiPort))
        .filter(status -> status.state() == MasterStatus.State.ALIVE)
        .isPresent();
  }

  @Override
  public Optional<String> masterUri() {
    return masters.isEmpty()
        ? Optional.empty()
        : Optional.of(
            masters.stream()
                .map(HostAndPort::toString)
                .collect(Collectors.joining(",", "spark://", "")));
  }

  @Override
  public Optional<HostAndPort> thriftServer() {
    return thriftCandidates.stream()
        .filter(server -> Endpoint.accepts(server, CONNECT_TIMEOUT))
        .findFirst();
  }
}
