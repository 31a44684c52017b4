package io.sparkappliance.jobs;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A column of a result.
 *
 * @param name as the statement names it
 * @param type Spark's name of the type, in lower case, without parameters
 * @param parameter of a decimal its precision and scale, such as {@code 10,2}; of a timestamp the
 *     time zone in which it is written
 */
public record Column(String name, String type, Optional<String> parameter) {
  /** A column whose type has no parameter, or an unknown one. */
  public Column(String name, String type) {
    this(name, type, Optional.empty());
  }

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
