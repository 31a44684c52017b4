package io.sparkappliance.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The one place where processes are started. */
@FunctionalInterface
public interface ProcessStarter {
  /**
   * Starts a program; standard error goes to where standard output goes, standard input is empty.
   *
   * @throws IOException when there is no such program, or it can't be run
   */
  Process start(Command command) throws IOException;

  /** Starts programs on this machine. */
  static ProcessStarter ofThisMachine() {
    return command -> {
      Files.createDirectories(command.directory());
      ProcessBuilder builder =
          new ProcessBuilder(command.arguments())
              .directory(command.directory().toFile())
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectErrorStream(true);
      builder.environment().clear();
      builder.environment().putAll(command.environment());
      return builder.start();
    };
  }
}
