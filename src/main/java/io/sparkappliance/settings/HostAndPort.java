package io.sparkappliance.settings;

import java.util.Objects;
import java.util.Optional;

/**
 * A network endpoint.
 *
 * @param host host name, IPv4 address, or IPv6 address in brackets
 * @param port TCP port, 1–65535
 */
public record HostAndPort(String host, int port) implements Comparable<HostAndPort> {
  /** Rejects empty hosts and ports outside 1–65535. */
  public HostAndPort {
    Objects.requireNonNull(host, "host");
    if (host.isEmpty() || port < 1 || port > 65535) {
      throw new IllegalArgumentException("not a host and port: " + host + ":" + port);
    }
  }

  /** Reads {@code host:port}; empty when the text is something else. */
  public static Optional<HostAndPort> parse(String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (colon < 1 || !port.matches("\\d{1,5}")) {
      return Optional.empty();
    }
    int number = Integer.parseInt(port);
    return number < 1 || number > 65_535
        ? Optional.empty()
        : Optional.of(new HostAndPort(text.substring(0, colon), number));
  }

  /** By host, then by port. */
  @Override
  public int compareTo(HostAndPort other) {
    int byHost = host.compareTo(other.host);
    return byHost != 0 ? byHost : Integer.compare(port, other.port);
  }

  /** {@code host:port}. */
  @Override
  public String toString() {
    return host + ":" + port;
  }
}
