package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterDrivers;
import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.Set;
import java.util.function.Supplier;

/** Starts applications as processes that outlive this one, and learns how they ended. */
final class ApplicationRunner {
  static final String OUTPUT = "output.txt";
  static final String DRIVER_LOG = "driver.log";
  private static final String STATUS = "exit-code";
  private static final String SECRETS = "secret-settings.properties";

  private final Path sparkHome;
  private final Map<String, String> environment;
  private final ApplicationNotes notes;
  private final Drivers drivers;

  /**
   * Starts them with a Spark distribution.
   *
   * @param environment theirs
   * @param notes what they tell of themselves
   * @param drivers those on workers
   */
  ApplicationRunner(
      Path sparkHome, Map<String, String> environment, ApplicationNotes notes, Drivers drivers) {
    this.sparkHome = sparkHome;
    this.environment = Map.copyOf(environment);
    this.notes = notes;
    this.drivers = drivers;
  }

  /**
   * The runner of a node.
   *
   * @param own this process's environment, of which jobs see what they may
   * @param cluster where they run
   */
  static ApplicationRunner of(Settings settings, Map<String, String> own, ClusterView cluster) {
    int page = settings.network().ports().masterUi();
    Path sparkHome = settings.paths().sparkHome();
    Map<String, String> environment =
        ApplicationCommand.environment(own, System.getProperty("java.home"), settings.paths());
    Supplier<Optional<HostAndPort>> masterPage =
        () -> cluster.aliveMasterAddress().map(host -> new HostAndPort(host, page));
    return new ApplicationRunner(
        sparkHome,
        environment,
        new ApplicationNotes(masterPage),
        new SparkDrivers(
            sparkHome,
            environment,
            new ClusterDrivers(SparkPages.client(settings.access().ssl())),
            masterPage));
  }

  /**
   * Starts a process that waits for {@link #proceed} before it does anything.
   *
   * @param directory the job's directory, with the uploaded files in it
   * @throws IOException when it can't be started
   */
  Process start(Path directory, ApplicationRequest request) throws IOException {
    Path work = Files.createDirectories(directory.resolve("work"));
    Properties defaults = defaults();
    if (request.language() == ApplicationRequest.Language.R) {
      AtomicFiles.write(
          directory.resolve(ApplicationCommand.R_RUNNER),
          ApplicationCommand.runnerOfR(),
          "rw-------");
    }
    List<String> submit =
        ApplicationCommand.sparkSubmit(
            sparkHome,
            request,
            directory,
            write(directory.resolve(SECRETS), ApplicationCommand.secrets(request, defaults)),
            defaults);
    ProcessBuilder builder =
        new ProcessBuilder(ApplicationCommand.recorded(directory.resolve(STATUS), submit))
            .directory(work.toFile())
            .redirectOutput(directory.resolve(OUTPUT).toFile())
            .redirectError(directory.resolve(DRIVER_LOG).toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.environment().putAll(request.environment().variables());
    builder
        .environment()
        .put(ApplicationNotes.FILE_VARIABLE, directory.resolve(ApplicationNotes.FILE).toString());
    return builder.start();
  }

  private static Optional<Path> write(Path file, Properties secrets) throws IOException {
    if (secrets.isEmpty()) {
      return Optional.empty();
    }
    StringWriter text = new StringWriter();
    secrets.store(text, null);
    AtomicFiles.write(file, text.toString(), "rw-------");
    return Optional.of(file);
  }

  /**
   * Settings of the node for all applications, as spark-submit reads them.
   *
   * @throws IOException when they can't be read
   */
  Properties defaults() throws IOException {
    Properties defaults = new Properties();
    String directory = environment.get("SPARK_CONF_DIR");
    if (directory != null) {
      try (Reader file = Files.newBufferedReader(Path.of(directory, "spark-defaults.conf"))) {
        defaults.load(file);
      } catch (NoSuchFileException none) {
        return new Properties();
      } catch (IllegalArgumentException malformed) {
        throw new IOException("spark-defaults.conf can't be read", malformed);
      }
    }
    return defaults;
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

  /** What programs this node can run now. */
  Set<ApplicationRequest.Language> languages() {
    return ApplicationCommand.languages(environment);
  }

  /** The drivers on the cluster's workers. */
  Drivers drivers() {
    return drivers;
  }

  /** What the drivers of jobs have told of themselves. */
  ApplicationNotes notes() {
    return notes;
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
    Files.deleteIfExists(directory.resolve(ApplicationNotes.FILE));
  }
}
