package io.sparkappliance.jobs;

import io.sparkappliance.settings.Settings;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;

/** Starts applications as processes that outlive this one, and learns how they ended. */
final class ApplicationRunner {
  static final String OUTPUT = "output.txt";
  static final String DRIVER_LOG = "driver.log";
  private static final String STATUS = "exit-code";
  private static final String SECRETS = "secret-settings.properties";

  private final Path sparkHome;
  private final Map<String, String> environment;

  ApplicationRunner(Path sparkHome, Map<String, String> environment) {
    this.sparkHome = sparkHome;
    this.environment = Map.copyOf(environment);
  }

  /**
   * The runner of a node.
   *
   * @param own this process's environment, of which jobs see what they may
   */
  static ApplicationRunner of(Settings settings, Map<String, String> own) {
    return new ApplicationRunner(
        settings.paths().sparkHome(),
        ApplicationCommand.environment(own, System.getProperty("java.home"), settings.paths()));
  }

  /**
   * Starts a process that waits for {@link #proceed} before it does anything.
   *
   * @param directory the job's directory, with the uploaded file in it
   * @throws IOException when it can't be started
   */
  Process start(Path directory, ApplicationRequest request) throws IOException {
    Path work = Files.createDirectories(directory.resolve("work"));
    Path secrets = directory.resolve(SECRETS);
    write(secrets, ApplicationCommand.secrets(request));
    List<String> submit =
        ApplicationCommand.sparkSubmit(
            sparkHome, request, directory.resolve(request.language().fileName()), secrets);
    ProcessBuilder builder =
        new ProcessBuilder(ApplicationCommand.recorded(directory.resolve(STATUS), submit))
            .directory(work.toFile())
            .redirectOutput(directory.resolve(OUTPUT).toFile())
            .redirectError(directory.resolve(DRIVER_LOG).toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static void write(Path file, Properties secrets) throws IOException {
    if (!secrets.isEmpty()) {
      StringWriter text = new StringWriter();
      secrets.store(text, null);
      AtomicFiles.write(file, text.toString(), "rw-------");
    }
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

  /**
   * Removes what would be taken for the end of the next attempt.
   *
   * @throws IOException when it can't be removed
   */
  static void forgetAttempt(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(STATUS));
  }
}
