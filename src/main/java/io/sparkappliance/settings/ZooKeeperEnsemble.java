package io.sparkappliance.settings;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Where ZooKeeper is.
 *
 * @param servers its servers, in the order given
 * @param chroot the path below which everything of this cluster lives, {@code /path}; empty: the
 *     root
 * @param login {@code name:password} with which this cluster makes its nodes; empty: open to all
 * @param tls how it is reached by TLS; empty: without
 * @param stack the one name that was given, without a port: a host's, or that of a stack on AWS;
 *     empty where that question doesn't arise
 */
public record ZooKeeperEnsemble(
    List<HostAndPort> servers,
    String chroot,
    Optional<Secret> login,
    Optional<ZooKeeperTls> tls,
    Optional<String> stack) {
  /** Takes a copy that can't be changed. */
  public ZooKeeperEnsemble {
    servers = List.copyOf(servers);
  }

  /** One whose nodes are open to all, reached without TLS. */
  public ZooKeeperEnsemble(List<HostAndPort> servers, String chroot) {
    this(servers, chroot, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The same, with these servers instead of the name that stands for them. */
  public ZooKeeperEnsemble with(List<HostAndPort> members) {
    return new ZooKeeperEnsemble(members, chroot, login, tls, Optional.empty());
  }

  ZooKeeperEnsemble of(Optional<String> ownStack) {
    return new ZooKeeperEnsemble(servers, chroot, login, tls, ownStack);
  }

  ZooKeeperEnsemble with(Optional<Secret> ownLogin, Optional<ZooKeeperTls> ownTls) {
    return new ZooKeeperEnsemble(servers, chroot, ownLogin, ownTls, stack);
  }

  /** {@code host:port,host:port}, without the path. */
  public String addresses() {
    return servers.stream().map(HostAndPort::toString).collect(Collectors.joining(","));
  }

  /** The path without its first slash, as Curator takes it; empty: none. */
  public String namespace() {
    return chroot.isEmpty() ? "" : chroot.substring(1);
  }

  /** As ZooKeeper's clients take it: {@code host:port,host:port/path}. */
  @Override
  public String toString() {
    return addresses() + chroot;
  }
}
