package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The docker command. The tests use what people type, and what works with any engine from 20.10 on
 * without a helper image to pull.
 */
final class Docker {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String PROGRAM = program();

  private Docker() {}

  /**
   * What a program left behind.
   *
   * @param exitCode its exit code
   * @param out standard output
   * @param err standard error
   */
  record Output(int exitCode, String out, String err) {
    /** Everything it printed, standard output first. */
    String all() {
      return out + err;
    }
  }

  /**
   * Runs a docker command that must succeed; answers its standard output without the last newline.
   */
  static String ok(String... arguments) {
    Output output = run(PATIENCE, arguments);
    if (output.exitCode() != 0) {
      throw new AssertionError(
          "docker "
              + String.join(" ", arguments)
              + " ended with "
              + output.exitCode()
              + "\n"
              + output.all());
    }
    return output.out().stripTrailing();
  }

  /** The words of a docker command. */
  static List<String> words(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(PROGRAM);
    command.addAll(List.of(arguments));
    return command;
  }

  /**
   * Runs a docker command.
   *
   * @throws AssertionError when it takes longer than the deadline
   */
  static Output run(Duration deadline, String... arguments) {
    return Commands.run(deadline, words(arguments));
  }

  private static String program() {
    String given = System.getProperty("docker.command", "");
    if (!given.isEmpty()) {
      return given;
    }
    // A client that came with something else and lacks its plug-ins may stand earlier on the PATH.
    return Files.isExecutable(Path.of("/usr/bin/docker")) ? "/usr/bin/docker" : "docker";
  }

  /** Programs on this machine. */
  static final class Commands {
    private Commands() {}

    static Output run(Duration deadline, List<String> command) {
      try {
        Path out = Files.createTempFile("command", ".out");
        Path err = Files.createTempFile("command", ".err");
        try {
          Process process =
              new ProcessBuilder(command)
                  .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                  .redirectOutput(out.toFile())
                  .redirectError(err.toFile())
                  .start();
          boolean ended = process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS);
          if (!ended) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
          }
          Output output = new Output(process.exitValue(), text(out), text(err));
          if (!ended) {
            throw new AssertionError(
                String.join(" ", command)
                    + " did not end within "
                    + deadline
                    + "\n"
                    + output.all());
          }
          return output;
        } finally {
          Files.delete(out);
          Files.delete(err);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    private static String text(Path file) throws IOException {
      return new String(Files.readAllBytes(file), UTF_8);
    }
  }
}
