package io.sparkappliance.daemon;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A program to run; there is no shell in between.
 *
 * @param arguments the program and its arguments; never a secret of the appliance, for every user
 *     of the machine can read them
 * @param environment the whole environment of the program
 * @param directory its working directory
 */
public record Command(List<String> arguments, Map<String, String> environment, Path directory) {
  /** Takes copies that can't be changed. */
  public Command {
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
  }
}
