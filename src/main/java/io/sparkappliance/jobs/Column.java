package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * A column of a result.
 *
 * @param name as the statement names it
 * @param type Spark's name of the type, in lower case, without parameters
 */
public record Column(String name, String type) {
  /** Writes the field {@code columns} of an object. */
  static void write(List<Column> columns, JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("columns");
    for (Column column : columns) {
      json.writeStartObject();
      json.writeStringField("name", column.name());
      json.writeStringField("type", column.type());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** Whether values are written as JSON numbers. */
  boolean isNumeric() {
    return switch (type.toLowerCase(Locale.ROOT)) {
      case "tinyint", "smallint", "int", "bigint", "float", "double", "decimal" -> true;
      default -> false;
    };
  }

  boolean isBoolean() {
    return type.equalsIgnoreCase("boolean");
  }

  boolean isBinary() {
    return type.equalsIgnoreCase("binary");
  }
}
