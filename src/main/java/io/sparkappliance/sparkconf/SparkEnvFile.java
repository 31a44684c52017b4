package io.sparkappliance.sparkconf;

import java.util.SortedMap;

/**
 * {@code spark-env.sh}, for people's own shells and for Spark's scripts, which source it. The
 * appliance's daemons don't need it.
 */
final class SparkEnvFile {
  private SparkEnvFile() {}

  /** Exports each variable that the shell doesn't already have, whatever its value holds. */
  static String render(SortedMap<String, String> environment) {
    StringBuilder out = new StringBuilder();
    out.append("# Written by spark-appliance at each start: changes here are lost.\n")
        .append("# A variable that is already set keeps its value.\n");
    environment.forEach(
        (name, value) ->
            out.append("[ -n \"${")
                .append(name)
                .append("+set}\" ] || export ")
                .append(name)
                .append('=')
                .append(quote(value))
                .append('\n'));
    return out.toString();
  }

  /** Nothing is special between single quotes, except the quote itself. */
  static String quote(String value) {
    return "'" + value.replace("'", "'\\''") + "'";
  }
}
