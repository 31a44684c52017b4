package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/** The cheapest look at a service: whether somebody takes connections there. */
public final class Endpoint {
  private Endpoint() {}

  /**
   * Whether a connection is taken.
   *
   * @param address where
   * @param patience how long the connection may take, once the name is resolved
   */
  public static boolean accepts(HostAndPort address, Duration patience) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(address.host(), address.port()), (int) patience.toMillis());
      return true;
    } catch (IOException nobodyThere) {
      return false;
    }
  }
}
