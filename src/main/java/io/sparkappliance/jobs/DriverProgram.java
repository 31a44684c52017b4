package io.sparkappliance.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/** What a master is asked to run on a worker: a pure function of the request. */
final class DriverProgram {
  private static final String SETTING = "setting.";
  private static final String REDACTION = "spark.redaction.regex";

  private DriverProgram() {}

  /**
   * The properties that {@code ClusterDriver} reads, in Spark's part of the appliance.
   *
   * @param request which runs in cluster mode
   * @param mark by which its driver is known
   * @param defaults the node's settings for all applications
   */
  static Properties of(ApplicationRequest request, DriverMark mark, Properties defaults) {
    ClusterMode cluster = request.cluster().orElseThrow();
    Properties program = new Properties();
    program.setProperty("jar", cluster.location());
    program.setProperty("supervise", Boolean.toString(cluster.supervise()));
    program.setProperty("class", request.mainClass().orElseThrow());
    program.setProperty("mark", mark.toString());
    int count = 0;
    for (String argument : request.arguments()) {
      program.setProperty("argument." + count++, argument);
    }
    settings(request.settings()).forEach((key, value) -> program.setProperty(SETTING + key, value));
    // Their values come once: executors get them from the driver's environment.
    request
        .environment()
        .variables()
        .forEach((name, value) -> program.setProperty("variable." + name, value));
    Optional.ofNullable(ApplicationCommand.secrets(request, defaults).getProperty(REDACTION))
        .ifPresent(pattern -> program.setProperty(SETTING + REDACTION, pattern));
    return program;
  }

  /** Options and their values come in turn; of options a JSON request makes these two. */
  private static Map<String, String> settings(List<String> words) {
    Map<String, String> settings = new TreeMap<>();
    List<String> packages = new ArrayList<>();
    for (int i = 0; i < words.size(); i += 2) {
      String value = words.get(i + 1);
      switch (words.get(i)) {
        case "--conf" -> {
          String[] setting = value.split("=", 2);
          settings.put(setting[0], setting[1]);
        }
        case "--packages" -> packages.add(value);
        default -> throw new IllegalArgumentException(words.get(i) + " in cluster mode");
      }
    }
    if (!packages.isEmpty()) {
      settings.put("spark.jars.packages", String.join(",", packages));
    }
    return settings;
  }
}
