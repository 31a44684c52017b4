package io.sparkappliance.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** An instance metadata service on loopback, version 2 alone. */
public final class FakeMetadata implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, String> content = new ConcurrentHashMap<>();
  private final Set<String> tokens = ConcurrentHashMap.newKeySet();
  private final AtomicInteger given = new AtomicInteger();
  private final AtomicInteger questions = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile boolean away;

  /** Starts one whose instance has this address. */
  public FakeMetadata(String privateAddress) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/latest/", this::answer);
    content.put(
        "dynamic/instance-identity/document",
        """
        {"accountId": "123456789012", "instanceId": "i-0123456789abcdef0",
         "region": "eu-central-1", "privateIp": "%s", "billingProducts": null}"""
            .formatted(privateAddress));
    server.start();
  }

  /** What it has at a path below {@code /latest/}. */
  public FakeMetadata with(String path, String text) {
    content.put(path, text);
    return this;
  }

  /** Has nothing there any more. */
  public FakeMetadata without(String path) {
    content.remove(path);
    return this;
  }

  /** From now on it answers nothing of use, or does so again. */
  public FakeMetadata away(boolean isAway) {
    away = isAway;
    return this;
  }

  /** The next questions are answered with an error. */
  public FakeMetadata failing(int times) {
    failures.set(times);
    return this;
  }

  /** How often it was asked. */
  public int questions() {
    return questions.get();
  }

  /** The instance that it describes. */
  public Instance instance() {
    try {
      return Instance.find(Map.of(Instance.ENDPOINT, endpoint()), Path.of("/"), line -> {})
          .orElseThrow();
    } catch (Instance.UnansweredException unanswered) {
      throw new AssertionError(unanswered);
    }
  }

  /** Where it is. */
  public String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  int tokensGiven() {
    return given.get();
  }

  void forgetTokens() {
    tokens.clear();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath().substring("/latest/".length());
    questions.incrementAndGet();
    if (away || failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      send(exchange, 500, "");
    } else if (exchange.getRequestMethod().equals("PUT") && path.equals("api/token")) {
      String token = "token-" + given.incrementAndGet();
      tokens.add(token);
      send(exchange, 200, token);
    } else if (!tokens.contains(
        String.valueOf(exchange.getRequestHeaders().getFirst("X-aws-ec2-metadata-token")))) {
      send(exchange, 401, "");
    } else {
      String text = content.get(path);
      send(exchange, text == null ? 404 : 200, text == null ? "" : text);
    }
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    try (var body = exchange.getResponseBody()) {
      body.write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
