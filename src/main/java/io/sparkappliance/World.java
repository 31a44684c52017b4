package io.sparkappliance;

import io.sparkappliance.settings.Settings.LogFormat;
import java.io.PrintStream;
import java.util.Map;

/**
 * The outside world as a command sees it, read once.
 *
 * @param environment environment variables; holds secrets
 * @param out standard output
 * @param err standard error
 */
record World(Map<String, String> environment, PrintStream out, PrintStream err) {
  /** Takes a copy that can't be changed. */
  World {
    environment = Map.copyOf(environment);
  }

  /** The shape of printed lines that was asked for, known before anything else is. */
  LogFormat logFormat() {
    String format = environment.getOrDefault("LOG_FORMAT", "").strip();
    return format.equalsIgnoreCase(LogFormat.JSON.name()) ? LogFormat.JSON : LogFormat.TEXT;
  }
}
