package io.sparkappliance.cloudformation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs programs of the Python environments that {@code setup/python-environments} makes. */
final class Programs {
  private Programs() {}

  /**
   * What a program left behind.
   *
   * @param exitCode its exit code
   * @param text what it printed, standard output and errors together
   */
  record Output(int exitCode, String text) {}

  /**
   * A program of an environment.
   *
   * @param environment the folder below {@code build}
   * @param name of the program
   */
  static Path of(String environment, String name) {
    Path program = Path.of("build", environment, "bin", name).toAbsolutePath();
    if (!Files.isExecutable(program)) {
      throw new AssertionError(
          program + " is missing: run `setup/python-environments build/" + environment + "`");
    }
    return program;
  }

  /** Runs a command to its end, at most for the time given. */
  static Output run(Duration most, Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    Path text = Files.createTempFile("program", ".log");
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(environment);
      builder.redirectErrorStream(true).redirectOutput(text.toFile());
      Process process = builder.start();
      if (!process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        throw new AssertionError(
            "does not end in " + most + ": " + command + "\n" + Files.readString(text));
      }
      return new Output(process.exitValue(), Files.readString(text));
    } finally {
      Files.delete(text);
    }
  }
}
