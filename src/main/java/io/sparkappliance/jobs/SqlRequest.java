package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.settings.Secret;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What comes with a SQL script.
 *
 * @param settings session settings, set in this order before the first statement
 * @param parameters values for the script's markers
 * @param username who logs in; empty: the appliance's own user, in a warm session
 * @param password that user's password; empty: the appliance's token
 * @param session name of the session of its owner in which it runs; empty: one of its own
 */
public record SqlRequest(
    Map<String, String> settings,
    SqlParameters parameters,
    Optional<String> username,
    Optional<Secret> password,
    Optional<String> session)
    implements JobRequest {

  /** Takes a copy, in the same order. */
  public SqlRequest {
    settings = new LinkedHashMap<>(settings);
  }

  /** A script that runs in a session of its own. */
  SqlRequest(
      Map<String, String> settings,
      SqlParameters parameters,
      Optional<String> username,
      Optional<Secret> password) {
    this(settings, parameters, username, password, Optional.empty());
  }

  /**
   * Reads the form. Spark looks a variable up under its bare name, whether a script says {@code
   * ${name}}, {@code ${hivevar:name}} or {@code ${hiveconf:name}}: so variables and settings are
   * the same thing to it, and a variable wins over a setting of its name.
   *
   * @param hiveVars the field {@code hive_vars}
   * @param hiveConfs the field {@code hive_confs}
   * @param username the field {@code username}
   * @param password the field {@code password}
   * @throws InvalidRequestException when a field can't be used
   */
  public static SqlRequest parse(
      String hiveVars, String hiveConfs, String username, String password) {
    Map<String, String> settings =
        new LinkedHashMap<>(Assignments.parse("hive_confs", "hiveconf:", hiveConfs));
    settings.putAll(Assignments.parse("hive_vars", "hivevar:", hiveVars));
    if (username.isEmpty() && !password.isEmpty()) {
      throw new InvalidRequestException("username", "is missing: a password was given without it");
    }
    return new SqlRequest(
        settings,
        SqlParameters.NONE,
        username.isEmpty() ? Optional.empty() : Optional.of(username),
        password.isEmpty() ? Optional.empty() : Optional.of(new Secret(password)));
  }

  /**
   * Reads the fields of a JSON request; the appliance's own user logs in.
   *
   * @param settings the field {@code settings}: an object whose values are texts, numbers or truth
   *     values
   * @param params the field {@code params}: an object
   * @param session the field {@code session}, if it was sent
   * @throws InvalidRequestException when a field can't be used
   */
  public static SqlRequest of(JsonNode settings, JsonNode params, Optional<String> session) {
    return new SqlRequest(
        Assignments.parse("settings", settings),
        SqlParameters.parse(params),
        Optional.empty(),
        Optional.empty(),
        session.map(name -> SessionKey.checkedName("session", name)));
  }

  /**
   * Reads the settings with which a session begins.
   *
   * @param settings the field {@code settings}: an object whose values are texts, numbers or truth
   *     values
   * @throws InvalidRequestException when it can't be used
   */
  public static Map<String, String> settings(JsonNode settings) {
    return Assignments.parse("settings", settings);
  }

  @Override
  public JobKind kind() {
    return JobKind.SQL;
  }

  @Override
  public String fileName() {
    return SqlRunner.SCRIPT;
  }

  @Override
  public boolean isText() {
    return true;
  }

  @Override
  public void write(ObjectNode json) {
    settings.forEach(json.putObject("settings")::put);
    parameters.write(json);
    username.ifPresent(name -> json.put("username", name));
    session.ifPresent(name -> json.put("session", name));
    // That there was one, not which.
    json.put("password", password.isPresent());
  }

  static SqlRequest read(JsonNode json) throws JobFailure {
    if (json.path("password").asBoolean()) {
      throw new JobFailure(
          "it can't be begun again: the password of its user is not kept on disk; submit it again");
    }
    Map<String, String> settings = new LinkedHashMap<>();
    json.path("settings")
        .properties()
        .forEach(setting -> settings.put(setting.getKey(), setting.getValue().asText()));
    return new SqlRequest(
        settings,
        SqlParameters.read(json),
        Optional.ofNullable(json.get("username")).map(JsonNode::asText),
        Optional.empty(),
        Optional.ofNullable(json.get("session")).map(JsonNode::asText));
  }
}
