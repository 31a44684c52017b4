package io.sparkappliance.jobs;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** One POST over HTTP/1.1 and the status of its answer, at an address that was chosen before. */
final class WebhookCall implements AutoCloseable {
  private static final int MAX_LINE = 8 << 10;
  private static final int MAX_LINES = 200;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-9]\\d\\d)(?: .*)?");

  private final URI address;
  private final boolean proxied;
  private final SSLSocketFactory tls;

  private Socket socket = new Socket();
  private boolean ended;

  /**
   * A call that is not connected.
   *
   * @param address what is called
   * @param proxied whether the connection is one to a proxy
   */
  WebhookCall(URI address, boolean proxied, SSLSocketFactory tls) {
    this.address = address;
    this.proxied = proxied;
    this.tls = tls;
  }

  /** Ends it, from any thread; whoever waits for it gets an exception. */
  synchronized void end() {
    ended = true;
    close();
  }

  /** Whether it was ended before its time. */
  synchronized boolean isEnded() {
    return ended;
  }

  private synchronized Socket anotherSocket() throws IOException {
    if (ended) {
      throw new IOException("ended");
    }
    close();
    socket = new Socket();
    return socket;
  }

  private synchronized Socket socket() {
    return socket;
  }

  /**
   * Connects to the first that takes the connection.
   *
   * @param time for each of them
   */
  void connect(List<InetSocketAddress> ways, Duration time) throws IOException {
    IOException last = new IOException("no address");
    for (InetSocketAddress way : ways) {
      try {
        anotherSocket().connect(way, (int) time.toMillis());
        return;
      } catch (IOException failure) {
        last = failure;
      }
    }
    throw last;
  }

  /** Sends a body; returns the status of the answer. */
  int send(Map<String, String> headers, byte[] body) throws IOException {
    Socket connection = socket();
    boolean secure = WebhookAddress.isTls(address);
    if (proxied && secure) {
      openTunnel(connection);
    }
    Socket end = secure ? secured(connection) : connection;
    write(end, request("POST " + target(secure), headers, body.length), body);
    int status = status(new BufferedInputStream(end.getInputStream()));
    // TLS says goodbye; some receivers would take anything else for an attack.
    closed(end);
    return status;
  }

  private void openTunnel(Socket proxy) throws IOException {
    write(proxy, "CONNECT %1$s HTTP/1.1\r\nHost: %1$s\r\n\r\n".formatted(authority()), new byte[0]);
    // Without a buffer: what comes behind the answer is the receiver's.
    int status = status(proxy.getInputStream());
    if (status / 100 != 2) {
      throw new IOException("the proxy answered " + status);
    }
  }

  /** Its certificate has to be that of the host in the address, however it was reached. */
  private Socket secured(Socket connection) throws IOException {
    String host = WebhookAddress.host(address);
    SSLSocket secured =
        (SSLSocket) tls.createSocket(connection, host, WebhookAddress.port(address), true);
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    if (WebhookAddress.literal(address).isEmpty()) {
      parameters.setServerNames(List.of(new SNIHostName(host)));
    }
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    return secured;
  }

  private String authority() {
    return address.getHost() + ":" + WebhookAddress.port(address);
  }

  /** A proxy has to be told where to go. */
  private String target(boolean secure) {
    String path = address.getRawPath().isEmpty() ? "/" : address.getRawPath();
    String local = address.getRawQuery() == null ? path : path + "?" + address.getRawQuery();
    return proxied && !secure ? "http://" + authority() + local : local;
  }

  private String request(String target, Map<String, String> headers, int length) {
    StringBuilder request = new StringBuilder(target).append(" HTTP/1.1\r\nHost: ");
    request.append(address.getRawAuthority()).append("\r\n");
    headers.forEach((name, value) -> request.append(name + ": " + value + "\r\n"));
    return request
        .append("Content-Length: " + length + "\r\n")
        .append("Connection: close\r\n\r\n")
        .toString();
  }

  private static void write(Socket connection, String head, byte[] body) throws IOException {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    whole.writeBytes(body);
    OutputStream out = connection.getOutputStream();
    out.write(whole.toByteArray());
    out.flush();
  }

  /** The first that is final; reads no further than to the end of that answer's headers. */
  private static int status(InputStream in) throws IOException {
    int status = 100;
    for (int lines = 0; status < 200; ) {
      Matcher matcher = STATUS.matcher(line(in));
      if (!matcher.matches()) {
        throw new IOException("what came back is no answer in HTTP/1.1");
      }
      status = Integer.parseInt(matcher.group(1));
      while (!line(in).isEmpty()) {
        if (++lines > MAX_LINES) {
          throw new IOException("the answer's headers are too long");
        }
      }
    }
    return status;
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException("the connection was closed before there was an answer");
      }
      if (line.size() == MAX_LINE) {
        throw new IOException("the answer's headers are too long");
      }
      line.write(next);
    }
    return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
  }

  @Override
  public synchronized void close() {
    closed(socket);
  }

  private static void closed(Socket connection) {
    try {
      connection.close();
    } catch (IOException gone) {
      // So it is either way.
    }
  }
}
