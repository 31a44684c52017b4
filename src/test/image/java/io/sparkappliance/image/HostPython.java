package io.sparkappliance.image;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The Python of this machine with the clients that users have ({@code requirements.txt}). */
final class HostPython {
  private static final Path PYTHON =
      Path.of(System.getProperty("test.python", "build/testenv/bin/python"));
  private static final Path SCRIPTS = Path.of("src/test/image/python");

  private HostPython() {}

  /** Runs one of the scripts beside these tests; what it left behind. */
  static Docker.Output run(String script, String... arguments) {
    if (!Files.isExecutable(PYTHON)) {
      throw new AssertionError(
          PYTHON
              + " is missing: a virtual environment with src/test/image/python/requirements.txt");
    }
    List<String> command = new ArrayList<>();
    command.add(PYTHON.toString());
    command.add(SCRIPTS.resolve(script).toString());
    command.addAll(List.of(arguments));
    return Docker.Commands.run(Duration.ofMinutes(3), command);
  }

  /** Runs a script that must succeed; its output. */
  static String ok(String script, String... arguments) {
    Docker.Output output = run(script, arguments);
    if (output.exitCode() != 0) {
      throw new AssertionError(script + " ended with " + output.exitCode() + "\n" + output.all());
    }
    return output.out();
  }
}
