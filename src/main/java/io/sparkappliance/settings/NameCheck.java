package io.sparkappliance.settings;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Finds variables that somebody meant for the appliance, but that it does not know. */
final class NameCheck {
  /** Two slips of the finger: one letter too many, two swapped, a forgotten plural. */
  private static final int NEAR = 2;

  /** Shorter names are near to too many others. */
  private static final int SHORTEST = 6;

  private static final String ANY_SETTING =
      "any Spark setting can be given as SPARK_CONF_<setting>, see docs/environment.md";

  /**
   * Variables of Spark's own scripts, and what people take for such, with what to write instead.
   */
  private static final Map<String, String> SPARKS_OWN =
      Map.ofEntries(
          Map.entry("SPARK_MASTER_OPTS", ANY_SETTING),
          Map.entry("SPARK_WORKER_OPTS", ANY_SETTING),
          Map.entry("SPARK_DAEMON_JAVA_OPTS", ANY_SETTING),
          Map.entry("SPARK_HISTORY_OPTS", ANY_SETTING),
          Map.entry("SPARK_SHUFFLE_OPTS", ANY_SETTING),
          Map.entry("SPARK_DAEMON_CLASSPATH", "name jars with EXT_JARS"),
          Map.entry("SPARK_WORKER_DIR", "a worker's folder is below SPARK_APPLIANCE_DATA"),
          Map.entry("SPARK_PID_DIR", "daemons need no such file here"),
          Map.entry("SPARK_LOCAL_IP", "use ADVERTISED_HOST"),
          Map.entry("SPARK_LOG_DIR", "use LOG_DIR"),
          Map.entry("SPARK_WORKER_INSTANCES", "start a container for each worker"),
          Map.entry("SPARK_EXECUTOR_MEMORY", "use EXECUTOR_MEMORY"),
          Map.entry("SPARK_DRIVER_MEMORY", "use DRIVER_MEMORY"),
          Map.entry("SPARK_EXECUTOR_CORES", "use SPARK_CONF_spark_executor_cores"),
          Map.entry("EXECUTOR_CORES", "use SPARK_CONF_spark_executor_cores"));

  private static final String MASK = "******";

  /** What the role is called everywhere but in its old variable. */
  private static final String GATEWAY = "START_GATEWAY";

  private final Catalogue catalogue;
  private final Set<String> known;

  NameCheck(Catalogue catalogue) {
    this.catalogue = catalogue;
    this.known = catalogue.names();
  }

  void check(Map<String, String> environment, Problems problems, List<String> warnings) {
    environment.keySet().stream()
        .filter(name -> !known.contains(name))
        .filter(name -> !name.startsWith(Catalogue.SPARK_CONF_PREFIX))
        .sorted()
        .forEach(name -> check(name, environment.get(name), problems, warnings));
  }

  private void check(String name, String value, Problems problems, List<String> warnings) {
    String instead = SPARKS_OWN.get(name);
    if (instead != null) {
      warnings.add(
          "%s is ignored, the appliance passes no such variable to Spark: %s."
              .formatted(name, instead));
      return;
    }
    Optional<String> meant = nearest(name);
    if (meant.isPresent()) {
      problems.add(
          name,
          isSecret(meant.get()) ? MASK : shown(name, value),
          "no variable of this name is known; did you mean " + meant.get() + "?",
          "Rename it, or remove it.");
    } else if (name.startsWith("START_")) {
      problems.add(
          name,
          shown(name, value),
          "no role of this name is known",
          "The roles are "
              + String.join(", ", known.stream().filter(n -> n.startsWith("START_")).toList())
              + ".");
    }
  }

  /** A misspelt secret is a secret all the same, and so is a login in an address. */
  private static String shown(String name, String value) {
    return name.matches(".*(TOKEN|SECRET|PASSWORD|KEY|AUTH).*")
        ? MASK
        : SettingsReader.withoutLogin(value);
  }

  private boolean isSecret(String meant) {
    return catalogue.all().stream()
        .filter(Variable::isSecret)
        .anyMatch(variable -> meant.equals(variable.name()) || variable.aliases().contains(meant));
  }

  private Optional<String> nearest(String name) {
    if (name.equals(GATEWAY)) {
      return Optional.of("START_WEBAPP");
    }
    if (name.length() < SHORTEST) {
      return Optional.empty();
    }
    LevenshteinDistance distance = new LevenshteinDistance(NEAR);
    record Candidate(String name, int distance) {}
    return known.stream()
        .filter(candidate -> candidate.length() >= SHORTEST)
        .map(candidate -> new Candidate(candidate, distance.apply(candidate, name)))
        .filter(candidate -> candidate.distance() >= 0)
        .min(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name))
        .map(Candidate::name);
  }
}
