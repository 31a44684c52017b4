package io.sparkappliance.jobs;

import io.sparkappliance.settings.PassedOn;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SparkSetting;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How an application is started: pure functions from a request to arguments and environment. */
final class ApplicationCommand {
  /** What the gateway itself was given for Spark and the programs that use it. */
  private static final Set<String> OF_SPARK =
      Set.of(
          "PYTHONPATH",
          "PYSPARK_PYTHON",
          "PYSPARK_DRIVER_PYTHON",
          "R_LIBS",
          "SPARK_DIST_CLASSPATH",
          "SPARK_LOCAL_DIRS",
          "SPARK_LOCAL_IP",
          "SPARK_LOCAL_HOSTNAME",
          "SPARK_PUBLIC_DNS");

  /** Spark's own default: what it hides in its pages and event logs. */
  private static final String REDACTION = "(?i)secret|password|token|access[.]?key";

  /** What Spark starts for a program in R, beside it. */
  static final String R_RUNNER = "run-r.py";

  private static final String RSCRIPT = "Rscript";
  private static final String WRAPPER = resource("run-job.sh");

  private ApplicationCommand() {}

  /**
   * The command for spark-submit.
   *
   * @param sparkHome the Spark distribution
   * @param request what to run, and how
   * @param directory the job's, with the uploaded files in it
   * @param secrets a file that holds those settings which nobody else may see; empty: there are
   *     none
   * @param defaults the node's settings for all applications
   */
  static List<String> sparkSubmit(
      Path sparkHome,
      ApplicationRequest request,
      Path directory,
      Optional<Path> secrets,
      Properties defaults) {
    List<String> command = new ArrayList<>();
    command.add(sparkHome.resolve("bin/spark-submit").toString());
    // The operator's configuration may say otherwise, but a job's output is this process's output.
    command.add("--deploy-mode");
    command.add("client");
    if (request.language() != ApplicationRequest.Language.JAR
        && request.settings().stream().noneMatch(ApplicationCommand::isName)) {
      // Spark would name it after the file, and every file has the same name in the store.
      command.add("--name");
      command.add(request.name());
    }
    secrets.ifPresent(
        file ->
            command.addAll(List.of("--properties-file", file.toString(), "--load-spark-defaults")));
    command.addAll(visible(request));
    command.addAll(attachments(request, directory.resolve(JobFiles.ATTACHMENTS), defaults));
    request
        .mainClass()
        .ifPresent(
            main -> {
              command.add("--class");
              command.add(main);
            });
    if (request.language() == ApplicationRequest.Language.R) {
      command.add(directory.resolve(R_RUNNER).toString());
    }
    command.add(directory.resolve(request.fileName()).toString());
    command.addAll(request.arguments());
    return List.copyOf(command);
  }

  /** What is named last counts for Spark: so what was named before has to be named again. */
  private static List<String> attachments(
      ApplicationRequest request, Path folder, Properties defaults) {
    List<String> options = new ArrayList<>();
    for (Attachment.Kind kind : Attachment.Kind.values()) {
      List<String> files =
          request.attachments().stream()
              .filter(attachment -> attachment.kind() == kind)
              .map(attachment -> folder.resolve(attachment.fileName()).toString())
              .toList();
      if (!files.isEmpty()) {
        options.add(kind.option());
        options.add(
            Stream.concat(named(request, kind, defaults).stream(), files.stream())
                .collect(Collectors.joining(",")));
      }
    }
    return options;
  }

  /** As spark-submit sees it: an option wins over a setting, and a job's over the node's. */
  private static Optional<String> named(
      ApplicationRequest request, Attachment.Kind kind, Properties defaults) {
    Optional<String> option = Optional.empty();
    Optional<String> setting = Optional.empty();
    List<String> words = request.settings();
    for (int i = 0; i < words.size(); i += 2) {
      String value = words.get(i + 1);
      if (words.get(i).equals(kind.option())) {
        option = Optional.of(value);
      } else if (words.get(i).equals("--conf") && value.startsWith(kind.setting() + "=")) {
        setting = Optional.of(value.substring(kind.setting().length() + 1));
      }
    }
    Optional<String> otherwise =
        setting.or(() -> Optional.ofNullable(defaults.getProperty(kind.setting())));
    return option.or(() -> otherwise).map(String::strip).filter(value -> !value.isEmpty());
  }

  /**
   * Settings that must not be on a command line, which everybody on the machine can read.
   *
   * @param defaults the node's settings for all applications
   */
  static Properties secrets(ApplicationRequest request, Properties defaults) {
    Properties secrets =
        request
            .environment()
            .executorSettings(defaults.getProperty("spark.redaction.regex", REDACTION).strip());
    List<String> words = request.settings();
    for (int i = 0; i < words.size(); i += 2) {
      if (isSecret(words, i)) {
        String[] setting = words.get(i + 1).split("=", 2);
        secrets.setProperty(setting[0], setting[1]);
      }
    }
    return secrets;
  }

  private static List<String> visible(ApplicationRequest request) {
    List<String> visible = new ArrayList<>();
    List<String> words = request.settings();
    for (int i = 0; i < words.size(); i += 2) {
      if (!isSecret(words, i)) {
        visible.addAll(words.subList(i, i + 2));
      }
    }
    return visible;
  }

  /** Options and their values come in turn. */
  private static boolean isSecret(List<String> words, int option) {
    String[] setting = words.get(option + 1).split("=", 2);
    return words.get(option).equals("--conf")
        && setting.length == 2
        && SparkSetting.isSecret(setting[0]);
  }

  /**
   * Wraps a command so that its exit code is left in a file, whoever is there to see it.
   *
   * @param status the file
   * @param command program and arguments
   */
  static List<String> recorded(Path status, List<String> command) {
    List<String> wrapped =
        new ArrayList<>(List.of("/bin/sh", "-c", WRAPPER, "run-job", status.toString()));
    wrapped.addAll(command);
    return List.copyOf(wrapped);
  }

  /**
   * A job's environment.
   *
   * @param own this process's environment
   * @param javaHome the Java that runs this process, for where nothing else is said
   * @param paths where things are
   */
  static Map<String, String> environment(
      Map<String, String> own, String javaHome, Settings.Paths paths) {
    Map<String, String> environment = new TreeMap<>();
    environment.put("JAVA_HOME", javaHome);
    environment.putAll(PassedOn.of(own));
    own.forEach(
        (name, value) -> {
          if (OF_SPARK.contains(name)) {
            environment.put(name, value);
          }
        });
    environment.put("SPARK_HOME", paths.sparkHome().toString());
    environment.put("SPARK_CONF_DIR", paths.confDir().toString());
    environment.put("PYSPARK_PYTHON", paths.python());
    if (!paths.localDirs().isEmpty()) {
      environment.put(
          "SPARK_LOCAL_DIRS",
          paths.localDirs().stream().map(Path::toString).collect(Collectors.joining(",")));
    }
    // Python keeps text back when it writes to a file; what a killed job printed should be there.
    environment.put("PYTHONUNBUFFERED", "1");
    environment.put("PATH", environment.getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin"));
    environment.put(
        "HOME", environment.getOrDefault("HOME", paths.data() + File.separator + "home"));
    return environment;
  }

  /**
   * What programs can be run.
   *
   * @param environment theirs
   */
  static Set<ApplicationRequest.Language> languages(Map<String, String> environment) {
    boolean hasR =
        Arrays.stream(environment.getOrDefault("PATH", "").split(File.pathSeparator))
            .filter(directory -> !directory.isEmpty())
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, RSCRIPT)));
    return hasR
        ? EnumSet.allOf(ApplicationRequest.Language.class)
        : EnumSet.complementOf(EnumSet.of(ApplicationRequest.Language.R));
  }

  /** What {@link #R_RUNNER} holds. */
  static String runnerOfR() {
    return resource(R_RUNNER);
  }

  private static String resource(String name) {
    try (InputStream script = ApplicationCommand.class.getResourceAsStream(name)) {
      return new String(script.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static boolean isName(String word) {
    return word.equals("--name") || word.startsWith("spark.app.name=");
  }
}
