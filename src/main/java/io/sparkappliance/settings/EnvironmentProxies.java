package io.sparkappliance.settings;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Proxies as containers are told about them, and as curl and pip read them: {@code HTTPS_PROXY},
 * {@code HTTP_PROXY} and {@code NO_PROXY}, in either case. Java itself only knows system
 * properties.
 */
public final class EnvironmentProxies extends ProxySelector {
  /** Not the end of an IPv6 address. */
  private static final Pattern WITH_PORT = Pattern.compile("([^:]+|\\[.*]):(\\d{1,5})");

  private final Map<String, String> environment;

  /**
   * Reads the variables when somebody asks for a way.
   *
   * @param environment names and values
   */
  public EnvironmentProxies(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * The way to an address.
   *
   * @throws ConfigurationException when the variable holds no proxy's address
   */
  @Override
  public List<Proxy> select(URI uri) {
    String proxy = value(uri.getScheme().toLowerCase(Locale.ROOT) + "_proxy");
    if (proxy.isEmpty() || isExcepted(uri)) {
      return List.of(Proxy.NO_PROXY);
    }
    URI address = address(uri.getScheme().toLowerCase(Locale.ROOT) + "_proxy", proxy);
    int port = address.getPort() > 0 ? address.getPort() : 80;
    return List.of(
        new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(address.getHost(), port)));
  }

  private static URI address(String variable, String proxy) {
    Optional<URI> address = Optional.empty();
    try {
      address = Optional.of(new URI(proxy.contains("://") ? proxy : "http://" + proxy));
    } catch (URISyntaxException notOne) {
      // Its message has the text, in which there may be a password.
    }
    return address
        .filter(it -> it.getHost() != null)
        .orElseThrow(
            () ->
                new ConfigurationException(
                    new Problem(
                        variable,
                        "******",
                        "must be the address of a proxy",
                        "Write, for example, " + variable + "=http://proxy:3128.")));
  }

  /** The fetch itself reports what failed. */
  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {}

  private String value(String name) {
    String lower = environment.getOrDefault(name, "");
    return lower.isEmpty()
        ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "").strip()
        : lower.strip();
  }

  /** This machine is reached without, and what the list names. */
  private boolean isExcepted(URI uri) {
    String host = uri.getHost().toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]", "");
    Optional<InetAddress> address = literal(host);
    boolean here =
        host.equals("localhost") || address.filter(InetAddress::isLoopbackAddress).isPresent();
    return here
        || Stream.of(value("no_proxy").toLowerCase(Locale.ROOT).split(",", -1))
            .map(String::strip)
            .anyMatch(entry -> excepts(entry, host, port(uri), address));
  }

  /**
   * A name stands for itself and everything below it, a network (CIDR) for its addresses; with a
   * port behind it, for that port alone.
   */
  private static boolean excepts(
      String entry, String host, int port, Optional<InetAddress> address) {
    Matcher withPort = WITH_PORT.matcher(entry);
    if (withPort.matches()) {
      return withPort.group(2).equals(Integer.toString(port))
          && excepts(withPort.group(1), host, port, address);
    }
    String name = entry.replaceAll("[\\[\\]]", "").replaceFirst("^\\*?\\.", "");
    if (name.isEmpty()) {
      return false;
    }
    return name.equals("*")
        || host.equals(name)
        || host.endsWith("." + name)
        || address
            .flatMap(it -> AddressRange.parse(name).filter(range -> range.contains(it)))
            .isPresent();
  }

  private static int port(URI uri) {
    return uri.getPort() > 0 ? uri.getPort() : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }

  private static Optional<InetAddress> literal(String host) {
    try {
      return Optional.of(InetAddress.ofLiteral(host));
    } catch (IllegalArgumentException name) {
      return Optional.empty();
    }
  }
}
