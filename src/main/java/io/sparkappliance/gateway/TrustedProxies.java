package io.sparkappliance.gateway;

import io.sparkappliance.settings.AddressRange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;

/**
 * Believes balancers, and nobody else, what they say of their own clients: the address by {@code
 * X-Forwarded-For}, http or https by {@code X-Forwarded-Proto}. Each proxy adds an address at the
 * end of the list; what comes before the last one that a trusted proxy saw may be made up.
 */
final class TrustedProxies implements HttpConfiguration.Customizer {
  private static final String FOR = "X-Forwarded-For";
  private static final String PROTOCOL = "X-Forwarded-Proto";

  private final List<AddressRange> trusted;

  /** Believes those who call from these addresses. */
  TrustedProxies(List<AddressRange> trusted) {
    this.trusted = List.copyOf(trusted);
  }

  @Override
  public Request customize(Request request, HttpFields.Mutable responseHeaders) {
    if (!(request.getConnectionMetaData().getRemoteSocketAddress()
            instanceof InetSocketAddress from)
        || !isTrusted(from.getAddress())) {
      return request;
    }
    HttpFields headers = request.getHeaders();
    InetSocketAddress client =
        new InetSocketAddress(
            client(from.getAddress(), headers.getValuesList(FOR)), from.getPort());
    String protocol = last(headers.getValuesList(PROTOCOL)).toLowerCase(Locale.ROOT);
    return protocol.equals("https") || protocol.equals("http")
        ? new Forwarded(request, client, protocol)
        : new Forwarded(request, client, request.getHttpURI().getScheme());
  }

  /** From the end on, the first that is no trusted proxy itself. */
  private InetAddress client(InetAddress proxy, List<String> headers) {
    InetAddress client = proxy;
    for (String text : all(headers).reversed()) {
      Optional<InetAddress> address = address(text);
      if (address.isEmpty()) {
        return client;
      }
      client = address.get();
      if (!isTrusted(client)) {
        return client;
      }
    }
    return client;
  }

  private boolean isTrusted(InetAddress address) {
    return address != null && trusted.stream().anyMatch(range -> range.contains(address));
  }

  private static List<String> all(List<String> headers) {
    List<String> all = new ArrayList<>();
    for (String header : headers) {
      for (String part : header.split(",", -1)) {
        all.add(part.strip());
      }
    }
    return all;
  }

  private static String last(List<String> headers) {
    List<String> all = all(headers);
    return all.isEmpty() ? "" : all.getLast();
  }

  /** Some proxies add the port. */
  private static Optional<InetAddress> address(String text) {
    String bare =
        text.matches("[0-9.]+:\\d+")
            ? text.substring(0, text.indexOf(':'))
            : text.replaceFirst("^\\[(.*)\\](:\\d+)?$", "$1");
    try {
      return Optional.of(InetAddress.ofLiteral(bare));
    } catch (IllegalArgumentException noAddress) {
      return Optional.empty();
    }
  }

  /** A request as the client made it. */
  private static final class Forwarded extends Request.Wrapper {
    private final HttpURI uri;
    private final ConnectionMetaData connection;

    Forwarded(Request request, InetSocketAddress client, String scheme) {
      super(request);
      uri = HttpURI.build(request.getHttpURI()).scheme(scheme).asImmutable();
      connection =
          new ConnectionMetaData.Wrapper(request.getConnectionMetaData()) {
            @Override
            public SocketAddress getRemoteSocketAddress() {
              return client;
            }

            @Override
            public boolean isSecure() {
              return uri.getScheme().equals("https");
            }
          };
    }

    @Override
    public HttpURI getHttpURI() {
      return uri;
    }

    @Override
    public ConnectionMetaData getConnectionMetaData() {
      return connection;
    }

    @Override
    public boolean isSecure() {
      return connection.isSecure();
    }
  }
}
