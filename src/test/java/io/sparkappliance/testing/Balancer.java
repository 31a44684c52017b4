package io.sparkappliance.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The plainest of balancers: it gives each connection to the next of its servers, whether that one
 * lives or not, and understands nothing of what goes through it.
 */
public final class Balancer implements AutoCloseable {
  private final List<URI> servers;
  private final ServerSocket listening;
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

  /** One on a free port of this machine. */
  public Balancer(List<URI> servers) {
    this.servers = List.copyOf(servers);
    try {
      listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException noPort) {
      throw new UncheckedIOException(noPort);
    }
    Thread.ofVirtual().start(this::accept);
  }

  /** What clients call instead of a server. */
  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + listening.getLocalPort());
  }

  private void accept() {
    for (int next = 0; !listening.isClosed(); next++) {
      URI server = servers.get(next % servers.size());
      try {
        Socket client = listening.accept();
        connections.add(client);
        Thread.ofVirtual().start(() -> serve(client, server));
      } catch (IOException closed) {
        // The test is over.
      }
    }
  }

  private void serve(Socket client, URI server) {
    try (Socket there = new Socket(server.getHost(), server.getPort())) {
      connections.add(there);
      Thread back =
          Thread.ofVirtual()
              .start(
                  () -> {
                    Pipe.copy(there, client);
                    close(client);
                  });
      Pipe.copy(client, there);
      back.join();
    } catch (IOException refused) {
      // The client finds its connection closed.
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } finally {
      close(client);
      connections.remove(client);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException gone) {
      // That was wanted.
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    connections.forEach(Balancer::close);
  }
}
