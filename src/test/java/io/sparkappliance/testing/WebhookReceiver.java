package io.sparkappliance.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An HTTP server on loopback that keeps what it is told, and answers as it is told to. */
public final class WebhookReceiver implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Message> messages = new CopyOnWriteArrayList<>();
  private volatile Answer answer = _ -> 204;

  /**
   * What came.
   *
   * @param target what was asked for
   * @param headers of the request
   * @param body of it
   */
  public record Message(String target, Headers headers, String body) {
    /** The body. */
    public JsonNode json() throws IOException {
      return new ObjectMapper().readTree(body);
    }

    /** The first value of a header. */
    public String header(String name) {
      return headers.getFirst(name);
    }
  }

  /** Decides how a message is answered; may wait. */
  @FunctionalInterface
  public interface Answer {
    /** The status. */
    int to(Message message) throws InterruptedException;
  }

  /** Listens, and says yes to everything. */
  public WebhookReceiver() throws IOException {
    this(0);
  }

  /** Listens at a port that was another one's. */
  public WebhookReceiver(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Message message =
          new Message(exchange.getRequestURI().toString(), exchange.getRequestHeaders(), body);
      messages.add(message);
      exchange.getResponseHeaders().set("Location", url("/elsewhere").toString());
      exchange.sendResponseHeaders(answer.to(message), -1);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** From now on it answers like this. */
  public void answer(Answer now) {
    answer = now;
  }

  /** All that came. */
  public List<Message> messages() {
    return List.copyOf(messages);
  }

  /** Its port. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** An address of it. */
  public URI url(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
