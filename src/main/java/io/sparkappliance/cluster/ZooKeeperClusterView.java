package io.sparkappliance.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkappliance.settings.HostAndPort;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;

/**
 * A cluster that tells in ZooKeeper who serves. It is watched, so that an answer costs nothing
 * there. While ZooKeeper is away the nodes themselves are asked: what runs goes on running.
 */
public final class ZooKeeperClusterView implements ClusterView, AutoCloseable {
  private static final Pattern HOST =
      Pattern.compile("hive\\.server2\\.thrift\\.bind\\.host=([^;]+)");
  private static final Pattern PORT = Pattern.compile("hive\\.server2\\.thrift\\.port=(\\d{1,5})");

  private final CuratorFramework client;
  private final CuratorCache thriftServers;
  private final CuratorCache connectServers;
  private final ClusterView nodes;

  /**
   * Starts to watch.
   *
   * @param client not started yet; belongs to this object
   * @param nodes asks the nodes themselves
   */
  public ZooKeeperClusterView(CuratorFramework client, ClusterView nodes) {
    this.client = client;
    this.nodes = nodes;
    this.thriftServers = CuratorCache.build(client, "/hiveserver2");
    this.connectServers = CuratorCache.build(client, "/spark/connect");
    client.start();
    List.of(thriftServers, connectServers).forEach(CuratorCache::start);
  }

  private boolean isAway() {
    return !client.getZookeeperClient().isConnected();
  }

  /** Who is elected still has to recover, so the masters themselves are asked. */
  @Override
  public Optional<String> aliveMasterAddress() {
    return nodes.aliveMasterAddress();
  }

  @Override
  public boolean mayHaveLeader() {
    return aliveMasterAddress().isPresent();
  }

  @Override
  public Optional<String> masterUri() {
    return nodes.masterUri();
  }

  @Override
  public Optional<HostAndPort> thriftServer() {
    return isAway()
        ? nodes.thriftServer()
        : first(thriftServers, ZooKeeperClusterView::thriftServer);
  }

  @Override
  public Optional<HostAndPort> connectServer() {
    return isAway() ? nodes.connectServer() : first(connectServers, HostAndPort::parse);
  }

  private static Optional<HostAndPort> first(
      CuratorCache servers, Function<String, Optional<HostAndPort>> read) {
    return servers.stream()
        .map(ZooKeeperClusterView::text)
        .flatMap(text -> read.apply(text).stream())
        .findFirst();
  }

  private static String text(ChildData node) {
    return node.getData() == null ? "" : new String(node.getData(), UTF_8);
  }

  /** As Hive's driver reads it. */
  static Optional<HostAndPort> thriftServer(String text) {
    Matcher host = HOST.matcher(text);
    Matcher port = PORT.matcher(text);
    return host.find() && port.find()
        ? HostAndPort.parse(host.group(1) + ":" + port.group(1))
        : Optional.empty();
  }

  @Override
  public void close() {
    List.of(thriftServers, connectServers).forEach(CuratorCache::close);
    client.close();
  }
}
