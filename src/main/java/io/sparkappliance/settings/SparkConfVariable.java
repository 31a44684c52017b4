package io.sparkappliance.settings;

import java.util.Optional;

/**
 * Variables that give any single Spark setting: {@code SPARK_CONF_} and the setting's name, in
 * which {@code _} stands for a dot, {@code __} for a dash and {@code ___} for an underscore. Letter
 * case is kept, so that {@code SPARK_CONF_spark_sql_shuffle_partitions} and {@code
 * SPARK_CONF_spark_dynamicAllocation_enabled} both work.
 */
final class SparkConfVariable {
  private SparkConfVariable() {}

  /**
   * The setting that a variable names.
   *
   * @return empty, with a problem noted, when it names none
   */
  static Optional<String> decode(String variable, String value, Problems problems) {
    String setting = translate(variable.substring(Catalogue.SPARK_CONF_PREFIX.length()));
    if (!setting.matches("spark(\\.[A-Za-z0-9_-]+)+")) {
      problems.add(
          variable,
          "",
          "must name a Spark setting after "
              + Catalogue.SPARK_CONF_PREFIX
              + ", and \""
              + setting
              + "\" is none",
          "Write _ for a dot, __ for a dash, ___ for an underscore:"
              + " SPARK_CONF_spark_sql_shuffle_partitions=8 sets spark.sql.shuffle.partitions.");
      return Optional.empty();
    }
    if (value.indexOf('\n') >= 0 || value.indexOf('\r') >= 0) {
      problems.add(
          variable,
          "",
          "must be one line",
          "Remove the line break from the value of " + setting + ".");
      return Optional.empty();
    }
    return Optional.of(setting);
  }

  private static String translate(String encoded) {
    StringBuilder setting = new StringBuilder();
    int i = 0;
    while (i < encoded.length()) {
      int run = 0;
      while (run < 3 && i + run < encoded.length() && encoded.charAt(i + run) == '_') {
        run++;
      }
      setting.append(
          switch (run) {
            case 0 -> encoded.charAt(i);
            case 1 -> '.';
            case 2 -> '-';
            default -> '_';
          });
      i += Math.max(run, 1);
    }
    return setting.toString();
  }
}
