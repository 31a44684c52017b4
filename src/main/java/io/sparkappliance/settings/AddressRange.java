package io.sparkappliance.settings;

import java.net.InetAddress;
import java.util.Optional;

/**
 * IP addresses that begin alike, as {@code 10.0.0.0/8}.
 *
 * @param network the first of them
 * @param bits that they share
 */
public record AddressRange(InetAddress network, int bits) {
  /** Reads a range, or a single address; names of hosts are none. */
  public static Optional<AddressRange> parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    if (!address.matches("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
      return Optional.empty();
    }
    try {
      InetAddress network = InetAddress.ofLiteral(address);
      int most = network.getAddress().length * Byte.SIZE;
      String bits = slash < 0 ? Integer.toString(most) : text.substring(slash + 1);
      return Optional.of(bits)
          .filter(it -> it.matches("\\d{1,3}"))
          .map(Integer::valueOf)
          .filter(it -> it <= most)
          .map(it -> new AddressRange(network, it));
    } catch (IllegalArgumentException noAddress) {
      return Optional.empty();
    }
  }

  /** Whether an address is one of them. */
  public boolean contains(InetAddress address) {
    byte[] one = network.getAddress();
    byte[] other = address.getAddress();
    if (one.length != other.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> (bit % Byte.SIZE);
      if (((one[bit / Byte.SIZE] ^ other[bit / Byte.SIZE]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return network.getHostAddress() + "/" + bits;
  }
}
