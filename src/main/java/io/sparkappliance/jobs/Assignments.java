package io.sparkappliance.jobs;

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
      if (!NAME.matcher(name).matches()) {
        throw new InvalidRequestException(
            field,
            "'"
                + shorten(name)
                + "' is no name: letters, digits, dots, dashes and underscores only");
      }
      String value = word.substring(equals + 1);
      if (CONTROL.matcher(value).find()) {
        throw new InvalidRequestException(
            field, "the value of '" + shorten(name) + "' contains a control character");
      }
      values.put(name, value);
    }
    return values;
  }

  private static String shorten(String text) {
    String safe = CONTROL.matcher(text).replaceAll("?");
    return safe.length() <= 60 ? safe : safe.substring(0, 60) + "…";
  }
}
