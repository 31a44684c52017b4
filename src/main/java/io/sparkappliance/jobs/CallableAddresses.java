package io.sparkappliance.jobs;

import io.sparkappliance.settings.AddressRange;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The addresses that may be called for somebody else: public ones, and those that the operator has
 * named. Otherwise anybody who submits jobs could have the gateway call what only the gateway
 * reaches.
 *
 * @param named addresses that are not public and may be called all the same
 */
record CallableAddresses(List<AddressRange> named) {
  /** What IANA's registries of special-purpose addresses have as not globally reachable. */
  private static final List<AddressRange> NOT_PUBLIC =
      ranges(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.88.99.0/24",
          "192.168.0.0/16",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "224.0.0.0/4",
          "240.0.0.0/4",
          // Among them "here", "nowhere", and IPv4 addresses in disguise.
          "::/8",
          "64:ff9b:1::/48",
          "100::/64",
          "2001::/23",
          "2001:db8::/32",
          "2002::/16",
          "3fff::/20",
          "5f00::/16",
          "fc00::/7",
          "fe80::/9",
          "ff00::/8");

  /** Where machines of AWS, its containers, Azure, Alibaba, Google and Oracle get credentials. */
  private static final List<AddressRange> METADATA =
      ranges(
          "169.254.169.254",
          "169.254.170.2",
          "169.254.170.23",
          "168.63.129.16",
          "100.100.100.200",
          "fd00:ec2::254",
          "fd00:ec2::23",
          "fd20:ce::254",
          "fd00:c1::a9fe:a9fe");

  /** In a network without IPv4, public hosts that have nothing else are found below this. */
  private static final AddressRange TRANSLATED = ranges("64:ff9b::/96").getFirst();

  private static final int IPV4_BYTES = 4;

  CallableAddresses {
    named = List.copyOf(named);
  }

  private static List<AddressRange> ranges(String... texts) {
    return Stream.of(texts).map(text -> AddressRange.parse(text).orElseThrow()).toList();
  }

  /** Why an address may not be called, as the rest of a sentence; empty: it may. */
  Optional<String> refusal(InetAddress address) {
    InetAddress meant = meant(address);
    if (isIn(METADATA, meant)) {
      return Optional.of("has the address of a metadata service, which is never called");
    }
    return isIn(NOT_PUBLIC, meant) && !isIn(named, meant)
        ? Optional.of(
            "has an address that is not public and may not be called (the operator's setting"
                + " WEBHOOK_PRIVATE_NETWORKS)")
        : Optional.empty();
  }

  private static boolean isIn(List<AddressRange> ranges, InetAddress address) {
    return ranges.stream().anyMatch(range -> range.contains(address));
  }

  private static InetAddress meant(InetAddress address) {
    if (!TRANSLATED.contains(address)) {
      return address;
    }
    byte[] bytes = address.getAddress();
    try {
      return InetAddress.getByAddress(
          Arrays.copyOfRange(bytes, bytes.length - IPV4_BYTES, bytes.length));
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
