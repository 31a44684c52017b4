package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.yaml.snakeyaml.Yaml;

/** The API definition as it is shipped. */
final class ApiDefinition {
  private final Map<String, Object> root;

  ApiDefinition() throws IOException {
    try (InputStream in = GatewayServer.class.getResourceAsStream("/openapi.yaml")) {
      root = new Yaml().load(in);
    }
  }

  /** Every call, as "GET /path". */
  Set<String> calls() {
    Set<String> calls = new TreeSet<>();
    object(root, "paths")
        .forEach(
            (path, item) ->
                asObject(item).keySet().stream()
                    .filter(method -> !method.equals("parameters"))
                    .forEach(method -> calls.add(method.toUpperCase(Locale.ROOT) + " " + path)));
    return calls;
  }

  Map<String, Object> root() {
    return root;
  }

  /** Fails unless the answer's code and media type are documented for its call. */
  HttpResponse<String> check(String method, String path, HttpResponse<String> answer) {
    Map<String, Object> responses =
        object(object(object(object(root, "paths"), path), method), "responses");
    String code = Integer.toString(answer.statusCode());
    assertThat(responses).as(method + " " + path + ": " + answer.body()).containsKey(code);
    Map<String, Object> response = resolve(asObject(responses.get(code)));
    String type = answer.headers().firstValue("Content-Type").orElse("").split(";", -1)[0].strip();
    if (code.equals("204")) {
      return answer;
    }
    assertThat(object(response, "content")).as(method + " " + path + " " + code).containsKey(type);
    return answer;
  }

  /** Follows a reference within the document. */
  private Map<String, Object> resolve(Map<String, Object> item) {
    if (!(item.get("$ref") instanceof String reference)) {
      return item;
    }
    Map<String, Object> found = root;
    for (String step : reference.substring(2).split("/", -1)) {
      found = object(found, step);
    }
    return found;
  }

  /** Every reference in the document, by its target; all of them have to exist. */
  Map<String, Object> references() {
    Map<String, Object> found = new TreeMap<>();
    collect(root, found);
    return found;
  }

  private void collect(Object node, Map<String, Object> found) {
    if (node instanceof Map<?, ?> map) {
      if (map.get("$ref") instanceof String reference) {
        found.put(reference, resolve(asObject(map)));
      }
      map.values().forEach(value -> collect(value, found));
    } else if (node instanceof Iterable<?> list) {
      list.forEach(value -> collect(value, found));
    }
  }

  static Map<String, Object> object(Map<String, Object> parent, String name) {
    assertThat(parent).containsKey(name);
    return asObject(parent.get(name));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> asObject(Object value) {
    return (Map<String, Object>) value;
  }
}
