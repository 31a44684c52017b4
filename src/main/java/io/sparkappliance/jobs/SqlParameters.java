package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Values for a script's named markers, {@code :name}. Spark binds them itself, by {@code EXECUTE
 * IMMEDIATE}: a value never becomes part of a statement's text. Texts, and the statement, are sent
 * in hexadecimal digits, so that no rule of quoting matters.
 *
 * @param expressions constant SQL expressions by the markers' names
 */
record SqlParameters(Map<String, String> expressions) {
  private static final String FIELD = "params";
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");
  private static final int MAX_DEPTH = 8;

  /** Types that a text can be read as, written as {@code {"type": …, "value": …}}. */
  private static final Pattern TYPE =
      Pattern.compile(
          "string|binary|date|timestamp|timestamp_ntz|boolean|tinyint|smallint|int|bigint|float"
              + "|double|decimal\\(\\d{1,2},\\d{1,2}\\)");

  static final SqlParameters NONE = new SqlParameters(Map.of());

  /** Takes a copy, in the same order. */
  SqlParameters {
    expressions = new LinkedHashMap<>(expressions);
  }

  /**
   * Reads the field {@code params} of a request: an object whose values are texts, numbers, truth
   * values, null, arrays of these, or {@code {"type": "date", "value": "2026-01-31"}}.
   *
   * @throws InvalidRequestException when something in it can't be used
   */
  static SqlParameters parse(JsonNode json) {
    if (!json.isObject()) {
      throw new InvalidRequestException(FIELD, "must be an object: {\"name\": value}");
    }
    Map<String, String> expressions = new LinkedHashMap<>();
    json.properties()
        .forEach(
            parameter -> {
              String name = parameter.getKey();
              if (!NAME.matcher(name).matches()) {
                throw new InvalidRequestException(
                    FIELD, "has a name that is none: letters, digits and underscores only");
              }
              expressions.put(name, expression(name, parameter.getValue(), 0));
            });
    return new SqlParameters(expressions);
  }

  private static String expression(String name, JsonNode value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new InvalidRequestException(FIELD + "." + name, "is nested too deeply");
    }
    return switch (value.getNodeType()) {
      case NULL -> "null";
      case BOOLEAN -> value.asBoolean() ? "true" : "false";
      case STRING -> text(value.asText());
      case NUMBER -> number(name, value);
      case ARRAY -> {
        List<String> elements = new ArrayList<>();
        value.forEach(element -> elements.add(expression(name, element, depth + 1)));
        yield elements.stream().collect(Collectors.joining(", ", "array(", ")"));
      }
      case OBJECT -> typed(name, value);
      default ->
          throw new InvalidRequestException(FIELD + "." + name, "has no value that SQL knows");
    };
  }

  private static String number(String name, JsonNode value) {
    if (value.isIntegralNumber()) {
      if (value.canConvertToInt()) {
        return value.asText();
      }
      if (value.canConvertToLong()) {
        return "cast('" + value.asLong() + "' as bigint)";
      }
      throw new InvalidRequestException(
          FIELD + "." + name,
          "is too large for a BIGINT; send {\"type\": \"decimal(38,0)\", \"value\": \"…\"}");
    }
    return "cast('" + value.asDouble() + "' as double)";
  }

  private static String typed(String name, JsonNode value) {
    String type = value.path("type").asText("");
    JsonNode text = value.path("value");
    if (value.size() != 2
        || !TYPE.matcher(type).matches()
        || !(text.isTextual() || text.isNull())) {
      throw new InvalidRequestException(
          FIELD + "." + name,
          "must be a text, a number, a truth value, null, an array, or an object such as"
              + " {\"type\": \"date\", \"value\": \"2026-01-31\"} with one of the types string,"
              + " binary, date, timestamp, timestamp_ntz, boolean, tinyint, smallint, int, bigint,"
              + " float, double, decimal(p,s)");
    }
    return text.isNull()
        ? "cast(null as " + type + ")"
        : "cast(" + text(text.asText()) + " as " + type + ")";
  }

  private static String text(String value) {
    return "cast(X'"
        + HexFormat.of().formatHex(value.getBytes(StandardCharsets.UTF_8))
        + "' as string)";
  }

  /**
   * Makes sure that each value is asked for somewhere.
   *
   * @throws InvalidRequestException when one is not, which is a slip of the pen
   */
  void checkUsed(List<String> statements) {
    for (String name : expressions.keySet()) {
      if (statements.stream().noneMatch(statement -> uses(statement, name))) {
        throw new InvalidRequestException(
            FIELD + "." + name, "is used nowhere: the SQL has no marker :" + name);
      }
    }
  }

  /** The statement with its values; as it is when it asks for none. */
  String bind(String statement) {
    String using =
        expressions.entrySet().stream()
            .filter(parameter -> uses(statement, parameter.getKey()))
            .map(parameter -> parameter.getValue() + " as " + parameter.getKey())
            .collect(Collectors.joining(", "));
    return using.isEmpty() ? statement : "EXECUTE IMMEDIATE " + text(statement) + " USING " + using;
  }

  /** One more than is needed does no harm: what looks like a marker may stand in a text. */
  private static boolean uses(String statement, String name) {
    return Pattern.compile("(?<![:\\w]):" + name + "(?!\\w)").matcher(statement).find();
  }

  void write(ObjectNode json) {
    expressions.forEach(json.putObject(FIELD)::put);
  }

  static SqlParameters read(JsonNode json) {
    Map<String, String> expressions = new LinkedHashMap<>();
    json.path(FIELD)
        .properties()
        .forEach(entry -> expressions.put(entry.getKey(), entry.getValue().asText()));
    return new SqlParameters(expressions);
  }
}
