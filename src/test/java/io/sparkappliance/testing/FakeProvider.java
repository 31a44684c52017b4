package io.sparkappliance.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * An identity provider that answers what a test wants, at once, and remembers what it was asked.
 */
public final class FakeProvider implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  /**
   * What a path answers.
   *
   * @param status code
   * @param body JSON
   * @param location where it sends people; empty: nowhere
   */
  public record Answer(int status, String body, Optional<String> location) {}

  /**
   * What it was asked.
   *
   * @param path without the query
   * @param query undecoded; empty: none
   * @param authorization the header of that name
   * @param body as text
   */
  public record Request(
      String path, Optional<String> query, Optional<String> authorization, String body) {}

  /** Starts on a free port. */
  public FakeProvider() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      URI uri = exchange.getRequestURI();
      requests.add(
          new Request(
              uri.getPath(),
              Optional.ofNullable(uri.getRawQuery()),
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization")),
              body));
      Answer answer = answers.getOrDefault(uri.getPath(), new Answer(404, "{}", Optional.empty()));
      answer.location().ifPresent(to -> exchange.getResponseHeaders().set("Location", to));
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(bytes);
      }
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  /** From now on a path answers so. */
  public void answer(String path, int status, String body) {
    answers.put(path, new Answer(status, body, Optional.empty()));
  }

  /** From now on a path sends people elsewhere. */
  public void redirect(String path, String to) {
    answers.put(path, new Answer(307, "", Optional.of(to)));
  }

  /** What it was asked so far. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** How often a path was asked for. */
  public long asked(String path) {
    return requests.stream().filter(request -> request.path().equals(path)).count();
  }

  /** The address of a path. */
  public String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
