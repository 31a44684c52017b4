package io.sparkappliance.cluster;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.Optional;

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
