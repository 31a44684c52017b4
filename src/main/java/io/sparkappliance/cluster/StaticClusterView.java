package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MasterUrl;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A cluster whose masters are named in the configuration. */
public final class StaticClusterView implements ClusterView {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  private final Members masters;
  private final int masterUiPort;
  private final Supplier<List<HostAndPort>> thriftCandidates;
  private final Supplier<List<HostAndPort>> connectCandidates;
  private final MasterClient client;

  /**
   * Looks at the given addresses, at every call.
   *
   * @param masters the masters' RPC addresses; none where no master is configured
   * @param masterUiPort port of every master's web page
   * @param thriftCandidates where a thrift server may listen, best first
   * @param connectCandidates where a Connect server may listen, best first
   * @param client asks the masters
   */
  public StaticClusterView(
      Members masters,
      int masterUiPort,
      Supplier<List<HostAndPort>> thriftCandidates,
      Supplier<List<HostAndPort>> connectCandidates,
      MasterClient client) {
    this.masters = masters;
    this.masterUiPort = masterUiPort;
    this.thriftCandidates = thriftCandidates;
    this.connectCandidates = connectCandidates;
    this.client = client;
  }

  @Override
  public Optional<String> aliveMasterAddress() {
    return masters.now().stream().map(HostAndPort::host).filter(this::isAlive).findFirst();
  }

  private boolean isAlive(String host) {
    return client
        .status(new HostAndPort(host, masterUiPort))
        .filter(status -> status.state() == MasterStatus.State.ALIVE)
        .isPresent();
  }

  @Override
  public Optional<String> masterUri() {
    List<HostAndPort> known = masters.now();
    return known.isEmpty() ? Optional.empty() : Optional.of(MasterUrl.of(known));
  }

  @Override
  public Optional<HostAndPort> thriftServer() {
    return firstThatAccepts(thriftCandidates.get());
  }

  @Override
  public Optional<HostAndPort> connectServer() {
    return firstThatAccepts(connectCandidates.get());
  }

  private static Optional<HostAndPort> firstThatAccepts(List<HostAndPort> candidates) {
    return candidates.stream()
        .filter(server -> Endpoint.accepts(server, CONNECT_TIMEOUT))
        .findFirst();
  }
}
