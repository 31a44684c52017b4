package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Values of results as JSON. Numbers are written digit by digit as Spark gave them; those that JSON
 * does not know, NaN and infinity, are texts, as is binary data in base 64.
 */
final class JsonValues {
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?");

  private JsonValues() {}

  /** Writes a row as an array. */
  static void writeRow(JsonGenerator json, List<Column> columns, List<String> values)
      throws IOException {
    json.writeStartArray();
    for (int i = 0; i < values.size(); i++) {
      write(json, columns.get(i), values.get(i));
    }
    json.writeEndArray();
  }

  /**
   * Writes a value.
   *
   * @param text null for null
   */
  static void write(JsonGenerator json, Column column, String text) throws IOException {
    if (text == null) {
      json.writeNull();
    } else if (column.isNumeric() && NUMBER.matcher(text).matches()) {
      json.writeRawValue(text);
    } else if (column.isBoolean()) {
      json.writeBoolean(Boolean.parseBoolean(text));
    } else {
      json.writeString(text);
    }
  }
}
