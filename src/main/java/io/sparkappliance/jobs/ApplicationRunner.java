package io.sparkappliance.jobs;

import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Starts applications as processes that outlive this one, and learns how they ended. */
final class ApplicationRunner {
  static final String OUTPUT = "output.txt";
  static final String DRIVER_LOG = "driver.log";
  private static final String STATUS = "exit-code";

  private final Path sparkHome;
  private final Map<String, String> environment;

  ApplicationRunner(Path sparkHome, Map<String, String> environment) {
    this.sparkHome = sparkHome;
    this.environment = Map.copyOf(environment);
  }

  /** The runner of a node, with the environment that its jobs may see. */
  static ApplicationRunner of(Settings settings) {
    return new ApplicationRunner(
        settings.paths().sparkHome(),
        ApplicationCommand.environment(
            System.getenv(), System.getProperty("java.home"), settings.paths()));
  }

  /**
   * Starts a process that waits for {@link #proceed} before it does anything.
   *
   * @param directory the job's directory, with the uploaded file in it
   * @throws IOException when it can't be started
   */
  Process start(Path directory, ApplicationRequest request) throws IOException {
    Path work = Files.createDirectories(directory.resolve("work"));
    List<String> submit =
        ApplicationCommand.sparkSubmit(
            sparkHome, request, directory.resolve(request.language().fileName()));
    ProcessBuilder builder =
        new ProcessBuilder(ApplicationCommand.recorded(directory.resolve(STATUS), submit))
            .directory(work.toFile())
            .redirectOutput(directory.resolve(OUTPUT).toFile())
            .redirectError(directory.resolve(DRIVER_LOG).toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  /**
   * Lets a process go on that has been written down.
   *
   * @throws IOException when it is gone already
   */
  static void proceed(Process process) throws IOException {
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write("go\n".getBytes(StandardCharsets.US_ASCII));
    }
  }

  /**
   * The exit code that a job's process left behind.
   *
   * @return empty when it left none: it runs, or was killed together with what watched it
   * @throws IOException when it can't be read
   */
  static OptionalInt exitCode(Path directory) throws IOException {
    try {
      return OptionalInt.of(Integer.parseInt(Files.readString(directory.resolve(STATUS)).strip()));
    } catch (NoSuchFileException none) {
      return OptionalInt.empty();
    } catch (NumberFormatException damaged) {
      return OptionalInt.empty();
    }
  }
}
