package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Members by their names. */
public final class NamedMembers implements Members {
  private final List<HostAndPort> names;
  private final Function<String, List<String>> addresses;

  /**
   * Looks at nothing yet.
   *
   * @param addresses the IPv4 addresses of a name; empty where there is no such name now
   */
  NamedMembers(List<HostAndPort> names, Function<String, List<String>> addresses) {
    this.names = List.copyOf(names);
    this.addresses = addresses;
  }

  @Override
  public List<HostAndPort> now() {
    return names.stream().flatMap(this::members).distinct().sorted().toList();
  }

  private Stream<HostAndPort> members(HostAndPort name) {
    List<String> several = addresses.apply(name.host());
    return several.size() > 1
        ? several.stream().map(address -> new HostAndPort(address, name.port()))
        : Stream.of(name);
  }

  /** Whether a name server, or this machine, knows a host of this name now. */
  public static boolean isHost(String name) {
    try {
      return InetAddress.getAllByName(name).length > 0;
    } catch (UnknownHostException unknown) {
      return false;
    }
  }

  /** IPv4 alone: a host that has an IPv6 address, too, is one host. */
  static List<String> lookUp(String name) {
    try {
      return Arrays.stream(InetAddress.getAllByName(name))
          .filter(Inet4Address.class::isInstance)
          // A machine that knows its own name may know it by this, too.
          .filter(address -> !address.isLoopbackAddress())
          .map(InetAddress::getHostAddress)
          .toList();
    } catch (UnknownHostException notNow) {
      return List.of();
    }
  }
}
