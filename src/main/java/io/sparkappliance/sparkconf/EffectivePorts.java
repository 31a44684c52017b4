package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.Ports;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the ports in force. A port can be given by its variable or by the Spark setting that stands
 * for it, and whatever wins is also what is started with and probed.
 */
final class EffectivePorts {
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
      checkCollisions(settled);
    }
    return settled;
  }

  private void checkCollisions(Ports ports) {
    Map<Integer, String> taken = new HashMap<>();
    if (settings.runs(Role.MASTER)) {
      take(taken, "SPARK_MASTER_PORT", ports.master());
      take(taken, "spark.master.ui.port", ports.masterUi());
    }
    if (settings.runs(Role.WORKER)) {
      ports.worker().ifPresent(port -> take(taken, "SPARK_WORKER_PORT", port));
      take(taken, "spark.worker.ui.port", ports.workerUi());
      take(taken, "spark.shuffle.service.port", ports.shuffleService());
    }
    if (settings.runs(Role.THRIFTSERVER)) {
      take(taken, "hive.server2.thrift.port", ports.thrift());
    }
    if (settings.runs(Role.CONNECT)) {
      take(taken, "spark.connect.grpc.binding.port", ports.connect());
    }
    if (settings.runsSqlDriver()) {
      take(taken, "spark.driver.port", ports.sqlDriver());
      take(taken, "spark.driver.blockManager.port", ports.sqlBlockManager());
      take(taken, "spark.ui.port", ports.sqlUi());
    }
    if (settings.runs(Role.HISTORYSERVER)) {
      take(taken, "spark.history.ui.port", ports.history());
    }
    if (settings.runs(Role.GATEWAY)) {
      take(taken, "GATEWAY_PORT", ports.gateway());
    }
    if (settings.runs(Role.NOTEBOOK)) {
      take(taken, "NOTEBOOK_PORT", ports.notebook());
    }
    if (!settings.roles().isEmpty()) {
      take(taken, "MANAGEMENT_PORT", ports.management());
    }
  }

  private void take(Map<Integer, String> taken, String name, int port) {
    String owner = taken.putIfAbsent(port, name);
    if (owner != null) {
      problems.add(
          name,
          Integer.toString(port),
          "is also the port of " + owner,
          "Give one of the two another port.");
    }
  }

  private Ports inForce(Ports given) {
    String blockManager = "spark.driver.blockManager.port";
    if (properties.value(blockManager).isEmpty()) {
      blockManager = "spark.blockManager.port";
    }
    return new Ports(
        given.master(),
        shared("SPARK_MASTER_WEBUI_PORT", "spark.master.ui.port", given.masterUi()),
        given.worker(),
        shared("SPARK_WORKER_WEBUI_PORT", "spark.worker.ui.port", given.workerUi()),
        shared("SHUFFLE_SERVICE_PORT", "spark.shuffle.service.port", given.shuffleService()),
        thrift(given.thrift()),
        shared("CONNECT_PORT", "spark.connect.grpc.binding.port", given.connect()),
        shared("HISTORY_PORT", "spark.history.ui.port", given.history()),
        given.gateway(),
        given.notebook(),
        given.management(),
        ofSqlDriver("SQL_DRIVER_PORT", "spark.driver.port", given.sqlDriver()),
        ofSqlDriver("SQL_BLOCK_MANAGER_PORT", blockManager, given.sqlBlockManager()),
        ofSqlDriver("SQL_UI_PORT", "spark.ui.port", given.sqlUi()));
  }

  private boolean isGiven(String variable) {
    return settings.network().givenPorts().contains(variable);
  }

  private int shared(String variable, String key, int port) {
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
    String key = "hive.server2.thrift.port";
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
