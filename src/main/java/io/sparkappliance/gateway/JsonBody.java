package io.sparkappliance.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.javalin.http.Context;
import io.sparkappliance.jobs.InvalidRequestException;
import io.sparkappliance.settings.MemorySize;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** A request's body as a JSON object whose fields are all known. */
final class JsonBody {
  private static final String FIELD = "body";
  private static final int MAX_DEPTH = 50;

  /** Room for a script of the largest size; one with very many escapes has to be shorter. */
  private static final int MAX_BYTES = 20 << 20;

  private static final ObjectMapper JSON =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxStringLength(MAX_BYTES)
                          .maxNumberLength(100)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final JsonNode json;
  private final Set<String> known = new TreeSet<>();

  private JsonBody(JsonNode json) {
    this.json = json;
  }

  /**
   * Reads the body of a request.
   *
   * @throws InvalidRequestException when it is no JSON object
   * @throws TooLargeException when it is larger than any request has to be
   * @throws IOException when the client goes away
   */
  static JsonBody read(Context context) throws IOException {
    String type = Optional.ofNullable(context.contentType()).orElse("").toLowerCase(Locale.ROOT);
    if (!type.split(";", 2)[0].strip().equals("application/json")) {
      throw new InvalidRequestException(FIELD, "has to be sent as application/json");
    }
    byte[] bytes;
    try (InputStream in = context.bodyInputStream()) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    }
    if (bytes.length > MAX_BYTES) {
      throw new TooLargeException(FIELD, new MemorySize(MAX_BYTES), "");
    }
    return parse(bytes);
  }

  /**
   * Reads an object.
   *
   * @param bytes text in UTF-8
   * @throws InvalidRequestException when it is no JSON object
   */
  static JsonBody parse(byte[] bytes) {
    JsonNode json;
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      json = JSON.readTree(text);
    } catch (CharacterCodingException notText) {
      throw new InvalidRequestException(FIELD, "is no text in UTF-8");
    } catch (JsonProcessingException malformed) {
      throw new InvalidRequestException(
          FIELD,
          "is no JSON that can be read"
              + Optional.ofNullable(malformed.getLocation())
                  .map(at -> ", at line " + at.getLineNr() + ", column " + at.getColumnNr())
                  .orElse(""));
    }
    if (!json.isObject()) {
      throw new InvalidRequestException(FIELD, "must be a JSON object");
    }
    return new JsonBody(json);
  }

  private Optional<JsonNode> field(String name) {
    known.add(name);
    return Optional.ofNullable(json.get(name)).filter(value -> !value.isNull());
  }

  /** Fields that are known, whether or not they are asked for. */
  void knows(String... names) {
    known.addAll(List.of(names));
  }

  /** A text that may be missing. */
  Optional<String> text(String name) {
    return field(name)
        .map(
            value -> {
              if (!value.isTextual()) {
                throw new InvalidRequestException(name, "must be a text");
              }
              return value.asText();
            });
  }

  /** A text that has to be there. */
  String requiredText(String name) {
    return text(name).orElseThrow(() -> new InvalidRequestException(name, "is missing"));
  }

  /** A whole number that may be missing; 9.0 is one, as JSON Schema has it. */
  Optional<Integer> number(String name) {
    return field(name)
        .map(
            value -> {
              if (!value.canConvertToInt() || !value.canConvertToExactIntegral()) {
                throw new InvalidRequestException(name, "must be a whole number");
              }
              return value.asInt();
            });
  }

  /** True or false, that may be missing. */
  Optional<Boolean> flag(String name) {
    return field(name)
        .map(
            value -> {
              if (!value.isBoolean()) {
                throw new InvalidRequestException(name, "must be true or false");
              }
              return value.asBoolean();
            });
  }

  /** A number of seconds that may be missing. */
  Optional<Duration> seconds(String name) {
    return number(name).map(Duration::ofSeconds);
  }

  /** An object, empty when it is missing. */
  JsonNode object(String name) {
    return field(name).orElseGet(JsonNodeFactory.instance::objectNode);
  }

  /** An array, empty when it is missing. */
  JsonNode array(String name) {
    JsonNode value = field(name).orElseGet(JsonNodeFactory.instance::arrayNode);
    if (!value.isArray()) {
      throw new InvalidRequestException(name, "must be an array");
    }
    return value;
  }

  /**
   * Makes sure that nothing else was sent; to be called when all fields were asked for.
   *
   * @throws InvalidRequestException when there is a field that nobody has asked for
   */
  void finish() {
    json.fieldNames()
        .forEachRemaining(
            name -> {
              if (!known.contains(name)) {
                throw new InvalidRequestException(
                    shorten(name), "is unknown; known are " + String.join(", ", known));
              }
            });
  }

  private static String shorten(String name) {
    String safe = name.replaceAll("[^\\x21-\\x7e]", "?");
    return safe.length() <= 60 ? safe : safe.substring(0, 60) + "…";
  }
}
