package io.sparkappliance.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;

/**
 * Ready when the server says in which mode it serves: {@code standalone}, {@code leader} or {@code
 * follower}. One that has no quorum answers that it does not serve.
 */
final class ZooKeeperProbe implements Probe {
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final HostAndPort server;
  private final Sockets sockets;

  ZooKeeperProbe(HostAndPort server, Sockets sockets) {
    this.server = server;
    this.sockets = sockets;
  }

  /** Makes sockets that are not connected yet. */
  interface Sockets {
    Socket make() throws IOException;
  }

  @Override
  public Optional<String> missing() {
    try (Socket socket = sockets.make()) {
      socket.connect(
          new InetSocketAddress(server.host(), server.port()), (int) PATIENCE.toMillis());
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket.getOutputStream().write("srvr".getBytes(US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      return answer.contains("Mode: ")
          ? Optional.empty()
          : Optional.of("it does not serve: not enough servers are in touch");
    } catch (IOException unreachable) {
      return Optional.of("port " + server.port() + " does not answer");
    }
  }
}
