package io.sparkappliance.jobs;

import io.sparkappliance.settings.PassedOn;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SparkSetting;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

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

  private static final String WRAPPER = wrapper();

  private ApplicationCommand() {}

  /**
   * The command for spark-submit.
   *
   * @param sparkHome the Spark distribution
   * @param request what to run, and how
   * @param file the uploaded file where it is stored
   * @param secrets a file that holds those settings which nobody else may see, {@link #secrets}
   */
  static List<String> sparkSubmit(
      Path sparkHome, ApplicationRequest request, Path file, Path secrets) {
    List<String> command = new ArrayList<>();
    command.add(sparkHome.resolve("bin/spark-submit").toString());
    // The operator's configuration may say otherwise, but a job's output is this process's output.
    command.add("--deploy-mode");
    command.add("client");
    if (request.language() == ApplicationRequest.Language.PYTHON
        && request.settings().stream().noneMatch(ApplicationCommand::isName)) {
      // Spark would name it after the file, and every file has the same name in the store.
      command.add("--name");
      command.add(request.name());
    }
    if (!secrets(request).isEmpty()) {
      command.addAll(List.of("--properties-file", secrets.toString(), "--load-spark-defaults"));
    }
    command.addAll(visible(request));
    request
        .mainClass()
        .ifPresent(
            main -> {
              command.add("--class");
              command.add(main);
            });
    command.add(file.toString());
    command.addAll(request.arguments());
    return List.copyOf(command);
  }

  /** Settings that must not be on a command line, which everybody on the machine can read. */
  static Properties secrets(ApplicationRequest request) {
    Properties secrets = new Properties();
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

  private static String wrapper() {
    try (InputStream script = ApplicationCommand.class.getResourceAsStream("run-job.sh")) {
      return new String(script.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static boolean isName(String word) {
    return word.equals("--name") || word.startsWith("spark.app.name=");
  }
}
