package io.sparkappliance.testing;

import java.io.IOException;
import java.net.Socket;

/** One direction of what stands between a client and a server. */
final class Pipe {
  private Pipe() {}

  /** Passes on all that comes, to its end. */
  static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException broken) {
      // Either side may go at any time.
    }
  }
}
