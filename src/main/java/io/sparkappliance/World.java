package io.sparkappliance;

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
}
