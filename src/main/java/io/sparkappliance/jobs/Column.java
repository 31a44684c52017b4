package io.sparkappliance.jobs;

import java.util.Locale;

/**
 * A column of a result.
 *
 * @param name as the statement names it
 * @param type Spark's name of the type, in lower case, without parameters
 */
public record Column(String name, String type) {
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
