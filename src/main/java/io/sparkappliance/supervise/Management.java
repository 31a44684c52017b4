package io.sparkappliance.supervise;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Role;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** Tells health, readiness and metrics by HTTP. */
public final class Management implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String JSON_TYPE = "application/json";

  private final HttpServer server;
  private final Supplier<NodeStatus> status;

  /**
   * Listens at once.
   *
   * @param host address to listen on
   * @param port port to listen on; 0: one that is free
   * @param status asked at each request
   * @throws ConfigurationException when the port is taken
   */
  public Management(String host, int port, Supplier<NodeStatus> status) {
    this.status = status;
    try {
      server = HttpServer.create(new InetSocketAddress(host, port), 0);
    } catch (IOException taken) {
      throw new ConfigurationException(
          new Problem(
              "MANAGEMENT_PORT",
              Integer.toString(port),
              "can't be listened on: " + taken.getMessage(),
              "Give it another port, or stop the program that uses this one."));
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.start();
  }

  /** The port it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      NodeStatus now = status.get();
      if (!exchange.getRequestMethod().equals("GET")
          && !exchange.getRequestMethod().equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        answer(exchange, 405, JSON_TYPE, json(Map.of("error", "only GET is known here")));
        return;
      }
      switch (exchange.getRequestURI().getPath()) {
        case "/healthz" -> {
          boolean broken = now.phase() == NodeStatus.Phase.FAILED;
          answer(exchange, broken ? 503 : 200, JSON_TYPE, json(health(now)));
        }
        case "/readyz" ->
            answer(exchange, now.isReady() ? 200 : 503, JSON_TYPE, json(readiness(now)));
        case "/metrics" ->
            answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", metrics(now));
        default ->
            answer(
                exchange,
                404,
                JSON_TYPE,
                json(Map.of("error", "there are /healthz, /readyz and /metrics")));
      }
    }
  }

  private static void answer(HttpExchange exchange, int code, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(code, head ? -1 : bytes.length);
    if (!head) {
      exchange.getResponseBody().write(bytes);
    }
  }

  private static String json(Object value) throws IOException {
    return JSON.writeValueAsString(value) + "\n";
  }

  private static Map<String, Object> health(NodeStatus now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("status", now.phase().name().toLowerCase(Locale.ROOT));
    now.failure().ifPresent(reason -> fields.put("reason", reason));
    return fields;
  }

  private static Map<String, Object> readiness(NodeStatus now) {
    Map<String, Object> roles = new LinkedHashMap<>();
    for (DaemonStatus daemon : now.daemons()) {
      for (Role role : daemon.roles()) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("state", daemon.state().label());
        fields.put("since", daemon.since().toString());
        fields.put("daemon", daemon.name());
        fields.put("restarts", daemon.restarts());
        daemon.timeToReady().ifPresent(time -> fields.put("seconds_to_ready", seconds(time)));
        daemon.reason().ifPresent(reason -> fields.put("reason", reason));
        daemon.lastFailure().ifPresent(failure -> fields.put("last_failure", failure));
        roles.put(role.label(), fields);
      }
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ready", now.isReady());
    fields.put("summary", now.summary());
    fields.put("roles", roles);
    return fields;
  }

  private static double seconds(Duration time) {
    return time.toMillis() / 1000.0;
  }

  /** Prometheus text format 0.0.4. */
  private static String metrics(NodeStatus now) {
    StringBuilder states = new StringBuilder();
    StringBuilder restarts = new StringBuilder();
    StringBuilder times = new StringBuilder();
    for (DaemonStatus daemon : now.daemons()) {
      for (Role role : daemon.roles()) {
        String label = "role=\"" + role.label() + "\"";
        for (State state : State.values()) {
          states
              .append("spark_appliance_role_state{")
              .append(label)
              .append(",state=\"")
              .append(state.label())
              .append("\"} ")
              .append(daemon.state() == state ? 1 : 0)
              .append('\n');
        }
        restarts
            .append("spark_appliance_role_restarts_total{")
            .append(label)
            .append("} ")
            .append(daemon.restarts())
            .append('\n');
        daemon
            .timeToReady()
            .ifPresent(
                time ->
                    times
                        .append("spark_appliance_role_seconds_to_ready{")
                        .append(label)
                        .append("} ")
                        .append(seconds(time))
                        .append('\n'));
      }
    }
    return "# HELP spark_appliance_role_state Whether the role is in this state (1) or not (0).\n"
        + "# TYPE spark_appliance_role_state gauge\n"
        + states
        + "# HELP spark_appliance_role_restarts_total Starts of the role's process after the first.\n"
        + "# TYPE spark_appliance_role_restarts_total counter\n"
        + restarts
        + "# HELP spark_appliance_role_seconds_to_ready Seconds the last start took to be ready.\n"
        + "# TYPE spark_appliance_role_seconds_to_ready gauge\n"
        + times;
  }

  /** Stops listening. */
  @Override
  public void close() {
    server.stop(0);
  }
}
