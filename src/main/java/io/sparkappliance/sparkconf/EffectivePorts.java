package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.PortCollisions;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.Ports;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the ports in force. A port can be given by its variable or by the Spark setting that stands
 * for it, and whatever wins is also what is started with and probed.
 */
final class EffectivePorts {
  private static final Map<String, String> SETTINGS =
      Map.of(
          "SPARK_MASTER_WEBUI_PORT", "spark.master.ui.port",
          "SPARK_WORKER_WEBUI_PORT", "spark.worker.ui.port",
          "SHUFFLE_SERVICE_PORT", "spark.shuffle.service.port",
          "THRIFT_PORT", "hive.server2.thrift.port",
          "CONNECT_PORT", "spark.connect.grpc.binding.port",
          "HISTORY_PORT", "spark.history.ui.port",
          "SQL_DRIVER_PORT", "spark.driver.port",
          "SQL_BLOCK_MANAGER_PORT", "spark.driver.blockManager.port",
          "SQL_UI_PORT", "spark.ui.port");

  private final Settings settings;
  private final SparkProperties properties;
  private final HiveSite hiveSite;
  private final Problems problems;

  EffectivePorts(
      Settings settings, SparkProperties properties, HiveSite hiveSite, Problems problems) {
    this.settings = settings;
    this.properties = properties;
    this.hiveSite = hiveSite;
    this.problems = problems;
  }

  /** Settles each port, and gives the settings that every process on the node shares. */
  Ports settle(Ports given) {
    Ports settled = inForce(given);
    if (!settled.equals(given)) {
      // Collisions among the variables alone were found before.
      new PortCollisions(settings, EffectivePorts::settingOf, problems).check(settled);
    }
    return settled;
  }

  private Ports inForce(Ports given) {
    String blockManager = settingOf("SQL_BLOCK_MANAGER_PORT");
    if (properties.value(blockManager).isEmpty()) {
      blockManager = "spark.blockManager.port";
    }
    return new Ports(
        given.master(),
        shared("SPARK_MASTER_WEBUI_PORT", given.masterUi()),
        given.worker(),
        shared("SPARK_WORKER_WEBUI_PORT", given.workerUi()),
        shared("SHUFFLE_SERVICE_PORT", given.shuffleService()),
        thrift(given.thrift()),
        shared("CONNECT_PORT", given.connect()),
        shared("HISTORY_PORT", given.history()),
        given.gateway(),
        given.notebook(),
        given.management(),
        ofSqlDriver("SQL_DRIVER_PORT", settingOf("SQL_DRIVER_PORT"), given.sqlDriver()),
        ofSqlDriver("SQL_BLOCK_MANAGER_PORT", blockManager, given.sqlBlockManager()),
        ofSqlDriver("SQL_UI_PORT", settingOf("SQL_UI_PORT"), given.sqlUi()));
  }

  /** In a collision that only files can have made, the setting says more than the variable. */
  private static String settingOf(String variable) {
    return SETTINGS.getOrDefault(variable, variable);
  }

  private boolean isGiven(String variable) {
    return settings.network().givenPorts().contains(variable);
  }

  private int shared(String variable, int port) {
    String key = settingOf(variable);
    properties.put(isGiven(variable) ? Layer.VARIABLE : Layer.NODE, key, Integer.toString(port));
    return read(key, properties.value(key).orElseThrow(), port);
  }

  /**
   * Other drivers of the node would fight over the SQL driver's ports: they are no entry of the
   * shared file, but an entry there counts for the SQL driver too.
   */
  private int ofSqlDriver(String variable, String key, int port) {
    return isGiven(variable)
        ? port
        : properties.value(key).map(text -> read(key, text, port)).orElse(port);
  }

  private int thrift(int port) {
    String key = settingOf("THRIFT_PORT");
    if (isGiven("THRIFT_PORT")) {
      return port;
    }
    return properties
        .value("spark.hadoop." + key)
        .or(() -> Optional.ofNullable(hiveSite.properties().get(key)))
        .map(text -> read(key, text, port))
        .orElse(port);
  }

  private int read(String key, String text, int fallback) {
    if (text.strip().matches("\\d{1,5}")) {
      int port = Integer.parseInt(text.strip());
      if (port >= 1 && port <= 65_535) {
        return port;
      }
    }
    problems.add(
        key,
        text,
        "a port between 1 and 65535 is accepted: others must know it",
        "Correct it in the file that sets it, or leave it out.");
    return fallback;
  }
}
