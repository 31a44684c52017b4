package io.sparkappliance.aws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Parameter Store and Secrets Manager on loopback, by their JSON protocol: the little that a node
 * asks. Requests must be signed for the service that their target names, with the one key it knows.
 */
public final class FakeSecrets implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String KEY = "AKIATEST";
  private static final String ARN = "arn:aws:ssm:eu-central-1:123456789012:parameter";

  private final HttpServer server;
  private final Map<String, String> parameters = new ConcurrentHashMap<>();
  private final Map<String, String> secrets = new ConcurrentHashMap<>();
  private final List<String> denied = new CopyOnWriteArrayList<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final AtomicInteger throttled = new AtomicInteger();

  /** Starts one that keeps nothing yet. */
  public FakeSecrets() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  /** Keeps a parameter; its name begins with a slash. */
  public FakeSecrets parameter(String name, String value) {
    parameters.put(name, value);
    return this;
  }

  /** Keeps a secret. */
  public FakeSecrets secret(String name, String text) {
    secrets.put(name, text);
    return this;
  }

  /** Refuses to show what has this name. */
  public FakeSecrets deny(String name) {
    denied.add(name);
    return this;
  }

  /** Throttles the next calls. */
  public FakeSecrets throttle(int times) {
    throttled.set(times);
    return this;
  }

  /** The actions that were called, each with the region it was signed for and what it named. */
  public List<String> calls() {
    return List.copyOf(calls);
  }

  /** What leads every AWS client to this server, in a region. */
  public Map<String, String> environment() {
    return Map.of(
        "AWS_ENDPOINT_URL", "http://127.0.0.1:" + server.getAddress().getPort(),
        "AWS_EC2_METADATA_DISABLED", "true",
        "AWS_REGION", "eu-central-1",
        "AWS_ACCESS_KEY_ID", KEY,
        "AWS_SECRET_ACCESS_KEY", "the-key-of-the-test");
  }

  private void answer(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    String target = String.valueOf(exchange.getRequestHeaders().getFirst("X-Amz-Target"));
    String signature = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    ObjectNode answer = JSON.createObjectNode();
    int status = 400;
    String service = target.startsWith("AmazonSSM.") ? "ssm" : "secretsmanager";
    if (!signature.matches(
        "AWS4-HMAC-SHA256 Credential="
            + KEY
            + "/\\d{8}/[a-z0-9-]+/"
            + service
            + "/aws4_request, SignedHeaders=\\S*x-amz-target\\S*, Signature=[0-9a-f]{64}")) {
      refuse(answer, "IncompleteSignatureException", "the request is signed as " + signature);
    } else if (throttled.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      refuse(answer, "ThrottlingException", "Rate exceeded");
    } else {
      calls.add(target + " " + signature.split("/", -1)[2] + " " + request);
      status =
          switch (target) {
            case "AmazonSSM.GetParameters" -> parameters(request, answer);
            case "secretsmanager.GetSecretValue" -> secret(request, answer);
            default -> refuse(answer, "UnknownOperationException", target);
          };
    }
    byte[] body = JSON.writeValueAsBytes(answer);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private int parameters(JsonNode request, ObjectNode answer) {
    if (request.path("Names").size() > 10) {
      return refuse(answer, "ValidationException", "at most 10 names");
    }
    ArrayNode known = answer.putArray("Parameters");
    ArrayNode unknown = answer.putArray("InvalidParameters");
    for (JsonNode asked : request.path("Names")) {
      String[] parts = asked.asText().replace(ARN, "").split(":", -1);
      String name = parts[0];
      if (denied.contains(name)) {
        return refuse(
            answer,
            "AccessDeniedException",
            "not authorized to perform: ssm:GetParameters on resource: " + ARN + name);
      }
      String value = parameters.get(name);
      if (value == null) {
        unknown.add(asked);
      } else {
        boolean decrypted = request.path("WithDecryption").asBoolean();
        ObjectNode parameter =
            known
                .addObject()
                .put("Name", name)
                .put("ARN", ARN + name)
                .put("Type", "SecureString")
                .put("Value", decrypted ? value : "AQICAHh-encrypted");
        if (parts.length > 1) {
          parameter.put("Selector", ":" + parts[1]);
        }
      }
    }
    return 200;
  }

  private int secret(JsonNode request, ObjectNode answer) {
    String name = request.path("SecretId").asText();
    if (denied.contains(name)) {
      return refuse(answer, "AccessDeniedException", "no policy allows it for " + name);
    }
    String text = secrets.get(name);
    if (text == null) {
      return refuse(
          answer, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    }
    answer.put("Name", name).put("SecretString", text);
    return 200;
  }

  private static int refuse(ObjectNode answer, String code, String message) {
    answer.put("__type", code).put("message", message);
    return 400;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
