package io.sparkappliance.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * A notebook's kernel, used as JupyterLab in a browser uses it: REST to start, a websocket to run.
 */
final class Kernel implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration DEADLINE = Duration.ofMinutes(3);

  private final URI notebook;
  private final String token;
  private final String id;

  private Kernel(URI notebook, String token, String id) {
    this.notebook = notebook;
    this.token = token;
    this.id = id;
  }

  /** Starts a kernel by the name of its specification. */
  static Kernel start(URI notebook, String token, String name) {
    Http.Answer answer =
        Http.send(
            HttpRequest.newBuilder(notebook.resolve("/api/kernels"))
                .header("Authorization", "token " + token)
                .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"" + name + "\"}")));
    if (answer.code() != 201) {
      throw new AssertionError("No kernel: " + answer.code() + " " + answer.text());
    }
    return new Kernel(notebook, token, SharedNode.json(answer.text()).path("id").asText());
  }

  /** Runs a cell; everything it printed, and the traceback when it failed. */
  String run(String code) throws Exception {
    Listener listener = new Listener();
    URI address =
        URI.create("ws://" + notebook.getAuthority() + "/api/kernels/" + id + "/channels");
    WebSocket socket =
        Http.CLIENT
            .newWebSocketBuilder()
            .header("Authorization", "token " + token)
            .buildAsync(address, listener)
            .get(30, TimeUnit.SECONDS);
    socket.sendText(request(listener.message, code), true).get(30, TimeUnit.SECONDS);
    try {
      return listener.done.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    } finally {
      socket.abort();
    }
  }

  @Override
  public void close() {
    Http.send(
        HttpRequest.newBuilder(notebook.resolve("/api/kernels/" + id))
            .header("Authorization", "token " + token)
            .DELETE());
  }

  private static String request(String message, String code) {
    ObjectNode request = JSON.createObjectNode();
    request
        .putObject("header")
        .put("msg_id", message)
        .put("msg_type", "execute_request")
        .put("username", "test")
        .put("session", UUID.randomUUID().toString())
        .put("date", "2026-01-01T00:00:00Z")
        .put("version", "5.3");
    request.putObject("parent_header");
    request.putObject("metadata");
    request
        .putObject("content")
        .put("code", code)
        .put("silent", false)
        .put("store_history", false)
        .put("allow_stdin", false)
        .putObject("user_expressions");
    request.put("channel", "shell");
    request.putArray("buffers");
    return request.toString();
  }

  /** Collects what belongs to one cell until the kernel is idle again. */
  private static final class Listener implements WebSocket.Listener {
    private final String message = UUID.randomUUID().toString();
    private final CompletableFuture<String> done = new CompletableFuture<>();
    private final StringBuilder part = new StringBuilder();
    private final StringBuilder output = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      part.append(data);
      if (last) {
        JsonNode answer = SharedNode.json(part.toString());
        part.setLength(0);
        if (answer.path("parent_header").path("msg_id").asText().equals(message)) {
          take(answer);
        }
      }
      socket.request(1);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      done.completeExceptionally(error);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      done.completeExceptionally(
          new AssertionError("The kernel hung up: " + status + " " + reason));
      return null;
    }

    private void take(JsonNode answer) {
      JsonNode content = answer.path("content");
      switch (answer.path("header").path("msg_type").asText()) {
        case "stream" -> output.append(content.path("text").asText());
        case "error" ->
            content.path("traceback").forEach(line -> output.append(line.asText()).append('\n'));
        case "status" -> {
          if (content.path("execution_state").asText().equals("idle")) {
            done.complete(output.toString());
          }
        }
        default -> {}
      }
    }
  }
}
