package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Variables written as {@code name=value}, separated by white space. */
final class Assignments {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.\\-]*");
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private Assignments() {}

  /**
   * Reads them; a name that comes twice keeps its last value.
   *
   * @param field the form's field, for the error message
   * @param prefix what may stand before a name and means nothing, such as {@code hivevar:}
   * @param text what was sent; may be empty
   * @throws InvalidRequestException when something is no assignment
   */
  static Map<String, String> parse(String field, String prefix, String text) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String word : text.strip().split("\\s+", -1)) {
      if (word.isEmpty()) {
        continue;
      }
      int equals = word.indexOf('=');
      if (equals < 0) {
        throw new InvalidRequestException(
            field,
            "'" + shorten(word) + "' is no assignment: write name=value, separated by blanks");
      }
      String name = word.substring(0, equals);
      name = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
      values.put(name, checked(field, name, word.substring(equals + 1)));
    }
    return values;
  }

  /**
   * Reads them from an object.
   *
   * @throws InvalidRequestException when something is no assignment
   */
  static Map<String, String> parse(String field, JsonNode json) {
    if (!json.isObject()) {
      throw new InvalidRequestException(field, "must be an object: {\"name\": \"value\"}");
    }
    Map<String, String> values = new LinkedHashMap<>();
    json.properties()
        .forEach(
            entry -> {
              if (!entry.getValue().isValueNode() || entry.getValue().isNull()) {
                throw new InvalidRequestException(
                    field,
                    "the value of '"
                        + shorten(entry.getKey())
                        + "' must be a text, a number or a truth value");
              }
              values.put(entry.getKey(), checked(field, entry.getKey(), entry.getValue().asText()));
            });
    return values;
  }

  private static String checked(String field, String name, String value) {
    if (!NAME.matcher(name).matches()) {
      throw new InvalidRequestException(
          field,
          "'" + shorten(name) + "' is no name: letters, digits, dots, dashes and underscores only");
    }
    if (CONTROL.matcher(value).find()) {
      throw new InvalidRequestException(
          field, "the value of '" + shorten(name) + "' contains a control character");
    }
    return value;
  }

  private static String shorten(String text) {
    String safe = CONTROL.matcher(text).replaceAll("?");
    return safe.length() <= 60 ? safe : safe.substring(0, 60) + "…";
  }
}
