package io.sparkappliance.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/** The part of the auto-scaling service that ends instances, on loopback; takes signed calls. */
public final class FakeAutoScaling implements AutoCloseable {
  /** What it makes of a call. */
  public enum Answer {
    /** The group waits for the hook. */
    TAKES,
    /** There is nothing to complete, yet or any more. */
    NOT_WAITING,
    /** The role may not. */
    DENIES,
    /** It doesn't answer. */
    HANGS
  }

  private final HttpServer server;
  private final List<Map<String, String>> calls = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Answer answer = Answer.TAKES;

  /** Starts one. */
  public FakeAutoScaling() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  /** What it makes of calls from now on. */
  public FakeAutoScaling will(Answer next) {
    answer = next;
    return this;
  }

  /** The actions that were called, without those that only describe. */
  public List<String> actions() {
    return calls.stream()
        .map(call -> call.get("Action"))
        .filter(action -> !action.startsWith("Describe"))
        .toList();
  }

  /** All parameters of each call, without the protocol's version. */
  public List<Map<String, String>> calls() {
    return List.copyOf(calls);
  }

  /** Where it is. */
  public String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Calls it. */
  public AwsApi client() {
    return new AwsApi(
        "eu-central-1",
        Map.of(
            "AWS_ENDPOINT_URL", endpoint(),
            "AWS_ACCESS_KEY_ID", "AKIATEST",
            "AWS_SECRET_ACCESS_KEY", "secret-of-the-test"),
        line -> {});
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String signature = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    if (!signature.startsWith("AWS4-HMAC-SHA256 Credential=AKIATEST/")
        || !signature.contains("/eu-central-1/autoscaling/aws4_request")) {
      send(exchange, 403, error("IncompleteSignature", "not signed for auto-scaling"));
      return;
    }
    Map<String, String> call =
        Arrays.stream(body.split("&"))
            .map(pair -> pair.split("=", 2))
            .filter(pair -> !pair[0].equals("Version"))
            .collect(
                Collectors.toMap(
                    pair -> pair[0], pair -> decoded(pair[1]), (a, b) -> b, TreeMap::new));
    calls.add(call);
    String action = call.get("Action");
    if (action.equals("DescribeAutoScalingInstances")) {
      send(
          exchange,
          200,
          """
          <DescribeAutoScalingInstancesResponse><DescribeAutoScalingInstancesResult>
          <AutoScalingInstances><member><InstanceId>%s</InstanceId>
          <AutoScalingGroupName>described-group</AutoScalingGroupName></member>
          </AutoScalingInstances></DescribeAutoScalingInstancesResult>
          </DescribeAutoScalingInstancesResponse>"""
              .formatted(call.get("InstanceIds.member.1")));
      return;
    }
    switch (answer) {
      case TAKES ->
          send(
              exchange,
              200,
              "<" + action + "Response><" + action + "Result/></" + action + "Response>");
      case NOT_WAITING ->
          send(
              exchange,
              400,
              error(
                  "ValidationError",
                  "No active Lifecycle Action found with instance ID " + call.get("InstanceId")));
      case DENIES ->
          send(exchange, 403, error("AccessDenied", "not authorized to perform: " + action));
      case HANGS -> awaitClose();
    }
  }

  private void awaitClose() {
    try {
      closed.await();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static String error(String code, String message) {
    return "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>"
        .formatted(code, message);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    try (var body = exchange.getResponseBody()) {
      body.write(bytes);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
  }
}
