package io.sparkappliance.gateway;

import io.javalin.config.JettyConfig;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.DetectorConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** How the gateway's port is reached: by HTTP/1.1, or by TLS alone. */
final class Doors implements AutoCloseable {
  private static final String PLAIN = "plain-text-on-a-port-with-tls";

  private static final Set<String> PACKED =
      Set.of("gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress");

  /** Room for a long token and a session's cookie. */
  private static final int HEADER_BYTES = 32 << 10;

  /**
   * What one client may have of a server.
   *
   * @param connections that are open at once; more wait until one is closed
   * @param header time for the headers of a request
   * @param grace time in which a body may come as slowly as it likes
   * @param bytesPerSecond of a body on average after that, at least
   */
  record Limits(int connections, Duration header, Duration grace, long bytesPerSecond) {
    static final Limits USUAL =
        new Limits(2000, Duration.ofSeconds(30), Duration.ofSeconds(30), 1024);
  }

  private final Optional<SslContextFactory.Server> tls;
  private final Limits limits;
  private final SlowClients slow;

  /** A port; without a certificate: without TLS. */
  Doors(Optional<SslContextFactory.Server> tls, Limits limits) {
    this.tls = tls;
    this.limits = limits;
    this.slow = new SlowClients(limits.header(), limits.grace(), limits.bytesPerSecond());
  }

  /** Makes the port, at the address that the server is started with. */
  void open(JettyConfig jetty) {
    jetty.modifyHttpConfiguration(this::customize);
    jetty.modifyServer(server -> server.setErrorHandler(new PlainErrors()));
    jetty.addConnector(
        (server, http) -> {
          ServerConnector port = connector(server, http);
          port.setHost(jetty.host);
          port.setPort(jetty.port);
          port.addEventListener(slow);
          port.addBean(new NetworkConnectionLimit(limits.connections(), port));
          slow.start();
          return port;
        });
  }

  private void customize(HttpConfiguration http) {
    http.setRequestHeaderSize(HEADER_BYTES);
    http.addCustomizer(slow);
    http.addCustomizer(LongAnswer::remember);
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

  /** Refuses what is packed: nothing here unpacks it, so that nobody can send a lot in a little. */
  static void askForPlainBodies(Context context) {
    String encoding = Optional.ofNullable(context.header("Content-Encoding")).orElse("");
    // Scripts that name a character set there have always been let in.
    if (Stream.of(encoding.toLowerCase(Locale.ROOT).split(",", -1))
        .map(String::strip)
        .anyMatch(PACKED::contains)) {
      throw new RefusedException(415, "Send the body as it is: what is packed is not unpacked.")
          .with("Accept-Encoding", "identity");
    }
  }

  @Override
  public void close() {
    slow.close();
  }

  /** Refuses who comes without TLS where there is TLS. */
  static void askForTls(Context context) {
    if (context.req().getAttribute(PLAIN) != null) {
      throw new RefusedException(
          400, "This port speaks TLS: write https:// in front of the address instead of http://.");
    }
  }
}
