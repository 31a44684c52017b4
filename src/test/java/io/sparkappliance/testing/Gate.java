package io.sparkappliance.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** In front of a server: where it is shut, whoever calls is told 503 instead. */
public final class Gate implements AutoCloseable {
  private static final String AWAY =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

  private final URI server;
  private final ServerSocket listening;
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger refused = new AtomicInteger();
  private volatile boolean open;

  /** A gate that is shut, on a free port of this machine. */
  public Gate(URI server) {
    this.server = server;
    try {
      listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException noPort) {
      throw new UncheckedIOException(noPort);
    }
    Thread.ofVirtual().start(this::accept);
  }

  /** What clients call instead of the server. */
  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + listening.getLocalPort());
  }

  /** Lets calls through. */
  public void open() {
    open = true;
  }

  /** Lets no call through any more, those that are under way included. */
  public void shut() throws IOException {
    open = false;
    for (Socket connection : connections) {
      connection.close();
    }
  }

  /** How many calls were told 503. */
  public int refused() {
    return refused.get();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        connections.add(client);
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException closed) {
        // The test is over.
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      if (open) {
        try (Socket there = new Socket(server.getHost(), server.getPort())) {
          connections.add(there);
          Thread.ofVirtual().start(() -> Pipe.copy(there, client));
          Pipe.copy(client, there);
        }
      } else {
        // The request's head at least: a connection that is closed before is another trouble.
        InputStream in = client.getInputStream();
        byte[] head = new byte[16 * 1024];
        if (in.read(head) > 0) {
          refused.incrementAndGet();
          client.getOutputStream().write(AWAY.getBytes(StandardCharsets.US_ASCII));
          client.shutdownOutput();
          in.transferTo(OutputStream.nullOutputStream());
        }
      }
    } catch (IOException broken) {
      // Either side may go at any time.
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    shut();
  }
}
