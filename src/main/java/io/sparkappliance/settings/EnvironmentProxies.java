package io.sparkappliance.settings;

import java.io.IOException;
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

/**
 * Proxies as containers are told about them, and as curl and pip read them: {@code HTTPS_PROXY},
 * {@code HTTP_PROXY} and {@code NO_PROXY}, in either case. Java itself only knows system
 * properties.
 */
public final class EnvironmentProxies extends ProxySelector {
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
    if (proxy.isEmpty() || isExcepted(uri.getHost().toLowerCase(Locale.ROOT))) {
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

  /** A name in the list stands for itself and everything below it. */
  private boolean isExcepted(String host) {
    for (String entry : value("no_proxy").toLowerCase(Locale.ROOT).split(",")) {
      String name = entry.strip().replaceFirst("^\\*?\\.", "");
      if (name.equals("*")
          || (!name.isEmpty() && (host.equals(name) || host.endsWith("." + name)))) {
        return true;
      }
    }
    return false;
  }
}
