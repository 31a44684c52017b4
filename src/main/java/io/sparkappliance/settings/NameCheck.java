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

  /** Variables of Spark's own scripts that look like ours but mean nothing to our daemons. */
  private static final Set<String> SPARKS_OWN =
      Set.of(
          "SPARK_MASTER_OPTS",
          "SPARK_WORKER_OPTS",
          "SPARK_WORKER_DIR",
          "SPARK_DAEMON_JAVA_OPTS",
          "SPARK_HISTORY_OPTS",
          "SPARK_SHUFFLE_OPTS",
          "SPARK_LOCAL_IP",
          "SPARK_LOG_DIR",
          "SPARK_PID_DIR",
          "SPARK_DAEMON_CLASSPATH",
          "SPARK_EXECUTOR_MEMORY",
          "SPARK_EXECUTOR_CORES",
          "SPARK_DRIVER_MEMORY");

  private static final String MASK = "******";

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
    if (SPARKS_OWN.contains(name)) {
      warnings.add(
          name
              + " is ignored: the appliance passes no such variable to Spark. Any Spark setting can"
              + " be given as SPARK_CONF_<setting>, see docs/environment.md.");
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
