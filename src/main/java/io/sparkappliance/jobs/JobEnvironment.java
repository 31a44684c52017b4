package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.settings.VariableNames;
import java.io.IOException;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Variables of a program's environment. Their values may be secrets.
 *
 * @param variables values by name
 */
public record JobEnvironment(Map<String, String> variables) {
  /** No variables. */
  public static final JobEnvironment NONE = new JobEnvironment(Map.of());

  private static final String FIELD = "environment";
  private static final String EXECUTORS = "spark.executorEnv.";
  private static final int MAX_BYTES = 64 << 10;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,99}");

  /** Takes a copy that can't be changed. */
  public JobEnvironment {
    variables = Map.copyOf(variables);
  }

  /**
   * Reads the field {@code environment}.
   *
   * @param json an object of names and values
   * @param allowed names that the operator allows
   * @param problems takes what is wrong
   * @throws IOException never
   */
  static JobEnvironment parse(JsonNode json, VariableNames allowed, RequestProblems problems)
      throws IOException {
    Map<String, String> variables =
        problems.take(() -> Assignments.parse(FIELD, json)).orElse(Map.of());
    variables.keySet().forEach(name -> check(name, allowed, problems));
    if (variables.values().stream().mapToInt(String::length).sum() > MAX_BYTES) {
      problems.add(FIELD, "is too large: " + MAX_BYTES + " characters at most");
    }
    return new JobEnvironment(variables);
  }

  private static void check(String name, VariableNames allowed, RequestProblems problems) {
    String shown = "'" + (name.length() <= 100 ? name : name.substring(0, 100) + "…") + "'";
    if (!NAME.matcher(name).matches()) {
      problems.add(FIELD, shown + " is no name: letters, digits and underscores only, 100 at most");
    } else if (VariableNames.isReserved(name)) {
      problems.add(
          FIELD,
          shown + " can't be set: it belongs to the node, Java, Python, Spark, Hadoop or AWS");
    } else if (!allowed.allow(name)) {
      problems.add(
          FIELD,
          shown
              + " is not among the variables that a job may bring ("
              + (allowed.patterns().isEmpty() ? "none" : String.join(", ", allowed.patterns()))
              + "; the operator's setting SUBMIT_ENVIRONMENT)");
    }
  }

  /**
   * What Spark has to be told so that executors have them, too, and nobody reads them in its pages
   * and event logs.
   *
   * @param redaction the pattern of settings whose values Spark hides already
   */
  Properties executorSettings(String redaction) {
    Properties settings = new Properties();
    if (!variables.isEmpty()) {
      variables.forEach((name, value) -> settings.setProperty(EXECUTORS + name, value));
      String names =
          new TreeMap<>(variables).keySet().stream().collect(Collectors.joining("|", "(?:", ")"));
      settings.setProperty(
          "spark.redaction.regex", redaction + "|(?-i:^spark\\.executorEnv\\." + names + "$)");
    }
    return settings;
  }

  void write(ObjectNode json) {
    ObjectNode object = json.putObject(FIELD);
    new TreeMap<>(variables).forEach(object::put);
  }

  static JobEnvironment read(JsonNode json) {
    Map<String, String> variables = new TreeMap<>();
    json.path(FIELD)
        .properties()
        .forEach(entry -> variables.put(entry.getKey(), entry.getValue().asText()));
    return new JobEnvironment(variables);
  }

  /** Names only. */
  @Override
  public String toString() {
    return new TreeMap<>(variables).keySet().toString();
  }
}
