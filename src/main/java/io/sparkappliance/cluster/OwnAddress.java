package io.sparkappliance.cluster;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The address under which other nodes reach this one, where nobody said. */
public final class OwnAddress {
  private OwnAddress() {}

  /**
   * The address of the own host name; where that is a loopback address, the first address of the
   * lowest-numbered interface that leads somewhere.
   *
   * @return an IPv4 address in dotted form; {@code 127.0.0.1} on a machine without a network
   */
  public static String find() {
    return ofHostName().or(OwnAddress::ofInterfaces).orElse("127.0.0.1");
  }

  /**
   * Which of some hosts this one is.
   *
   * @param hosts names or addresses
   * @param own the address under which others reach this node
   * @return the place in the list, from 1; empty when none or several of them are this host
   */
  public static Optional<Integer> placeIn(List<String> hosts, String own) {
    List<Integer> places =
        IntStream.rangeClosed(1, hosts.size())
            .filter(place -> isThisHost(hosts.get(place - 1), own))
            .boxed()
            .toList();
    return places.size() == 1 ? Optional.of(places.getFirst()) : Optional.empty();
  }

  /** Whether an interface of this machine, or of this container, has it. */
  public static boolean isHere(String address) {
    try {
      return NetworkInterface.getByInetAddress(InetAddress.getByName(address)) != null;
    } catch (UnknownHostException | SocketException unknown) {
      return false;
    }
  }

  private static boolean isThisHost(String host, String own) {
    if (host.equalsIgnoreCase(own)) {
      return true;
    }
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (address.getHostAddress().equals(own)
            || NetworkInterface.getByInetAddress(address) != null) {
          return true;
        }
      }
      return false;
    } catch (UnknownHostException | SocketException notYetKnown) {
      return false;
    }
  }

  private static Optional<String> ofHostName() {
    try {
      InetAddress own = InetAddress.getLocalHost();
      return leadsSomewhere(own) ? Optional.of(own.getHostAddress()) : Optional.empty();
    } catch (UnknownHostException noSuchName) {
      return Optional.empty();
    }
  }

  private static Optional<String> ofInterfaces() {
    try {
      return NetworkInterface.networkInterfaces()
          .filter(OwnAddress::isUpAndReal)
          .sorted(Comparator.comparingInt(NetworkInterface::getIndex))
          .flatMap(NetworkInterface::inetAddresses)
          .filter(OwnAddress::leadsSomewhere)
          .map(InetAddress::getHostAddress)
          .findFirst();
    } catch (SocketException unreadable) {
      return Optional.empty();
    }
  }

  private static boolean isUpAndReal(NetworkInterface candidate) {
    try {
      // A bridge such as docker0 has an address that only this machine's containers reach.
      return candidate.isUp()
          && !candidate.isLoopback()
          && !candidate.getName().matches("docker\\d+|br-.*|veth.*");
    } catch (SocketException unreadable) {
      return false;
    }
  }

  private static boolean leadsSomewhere(InetAddress address) {
    return address instanceof Inet4Address
        && !address.isLoopbackAddress()
        && !address.isLinkLocalAddress()
        && !address.isAnyLocalAddress();
  }
}
