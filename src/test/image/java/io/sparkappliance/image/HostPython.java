package io.sparkappliance.image;

import io.sparkappliance.testing.MotoServer;
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
    return run(PYTHON, script, arguments);
  }

  private static Docker.Output run(Path python, String script, String... arguments) {
    if (!Files.isExecutable(python)) {
      throw new AssertionError(python + " is missing: setup/python-environments makes it");
    }
    List<String> command = new ArrayList<>();
    command.add(python.toString());
    command.add(SCRIPTS.resolve(script).toString());
    command.addAll(List.of(arguments));
    return Docker.Commands.run(Duration.ofMinutes(3), command);
  }

  /** Runs a script that must succeed; its output. */
  static String ok(String script, String... arguments) {
    return ok(PYTHON, script, arguments);
  }

  /** The same with AWS's library. */
  static String okWithAws(String script, String... arguments) {
    return ok(MotoServer.python(), script, arguments);
  }

  private static String ok(Path python, String script, String... arguments) {
    Docker.Output output = run(python, script, arguments);
    if (output.exitCode() != 0) {
      throw new AssertionError(script + " ended with " + output.exitCode() + "\n" + output.all());
    }
    return output.out();
  }
}
