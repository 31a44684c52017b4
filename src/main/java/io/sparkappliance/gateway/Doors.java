package io.sparkappliance.gateway;

import io.javalin.config.JettyConfig;
import io.javalin.http.Context;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.DetectorConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** How the gateway's port is reached: by HTTP/1.1, or by TLS alone. */
final class Doors {
  private static final String PLAIN = "plain-text-on-a-port-with-tls";

  private final Optional<SslContextFactory.Server> tls;

  /** A port; empty: without TLS. */
  Doors(Optional<SslContextFactory.Server> tls) {
    this.tls = tls;
  }

  /** Makes the port, at the address that the server is started with. */
  void open(JettyConfig jetty) {
    jetty.modifyHttpConfiguration(this::customize);
    jetty.addConnector(
        (server, http) -> {
          ServerConnector port = connector(server, http);
          port.setHost(jetty.host);
          port.setPort(jetty.port);
          return port;
        });
  }

  private void customize(HttpConfiguration http) {
    if (tls.isPresent()) {
      // One certificate serves all names that people may have for this node: its clients check it.
      http.addCustomizer(new SecureRequestCustomizer(false));
      http.addCustomizer(Doors::markPlain);
    }
  }

  private ServerConnector connector(Server server, HttpConfiguration http) {
    HttpConnectionFactory plain = new HttpConnectionFactory(http);
    return tls.map(
            it ->
                new ServerConnector(
                    server,
                    // Who speaks no TLS is told so.
                    new DetectorConnectionFactory(
                        new SslConnectionFactory(it, plain.getProtocol())),
                    plain))
        .orElseGet(() -> new ServerConnector(server, plain));
  }

  private static Request markPlain(Request request, HttpFields.Mutable headers) {
    if (!request.getConnectionMetaData().isSecure()) {
      request.setAttribute(PLAIN, true);
    }
    return request;
  }

  /** Refuses who comes without TLS where there is TLS. */
  static void askForTls(Context context) {
    if (context.req().getAttribute(PLAIN) != null) {
      throw new RefusedException(
          400, "This port speaks TLS: write https:// in front of the address instead of http://.");
    }
  }
}
