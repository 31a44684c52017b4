package io.sparkappliance.gateway;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** Requests byte by byte, also such as no client library would send. */
final class RawHttp {
  private static final int PATIENCE_MILLIS = 60_000;

  private RawHttp() {}

  /**
   * Sends a request and reads until the server closes the connection.
   *
   * @param request with its lines as they are
   */
  static String exchange(int port, byte[] request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      OutputStream out = socket.getOutputStream();
      out.write(request);
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (SocketTimeoutException open) {
      throw new IOException("the server neither answered nor closed", open);
    }
  }

  static String exchange(int port, String request) throws IOException {
    return exchange(port, request.getBytes(StandardCharsets.ISO_8859_1));
  }

  /**
   * The code with which a request without a body is answered.
   *
   * @param line method and target, as they are sent
   */
  static int status(int port, String line) throws IOException {
    return status(
        exchange(port, line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  }

  /** The code of an answer. */
  static int status(String answer) {
    return Integer.parseInt(answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
  }
}
