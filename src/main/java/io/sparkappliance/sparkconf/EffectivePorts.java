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
  /**
   * The variables' defaults: {@code Settings} doesn't tell a default from the same value given, and
   * a default must not beat a setting in a file.
   */
  private static final Ports DEFAULTS =
      new Ports(
          7077,
          8080,
          Optional.empty(),
          8081,
          7337,
          10_000,
          15_002,
          18_080,
          8000,
          8888,
          8090,
          7078,
          7079,
          4040);

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
    return new Ports(
        given.master(),
        shared("spark.master.ui.port", given.masterUi(), DEFAULTS.masterUi()),
        given.worker(),
        shared("spark.worker.ui.port", given.workerUi(), DEFAULTS.workerUi()),
        shared("spark.shuffle.service.port", given.shuffleService(), DEFAULTS.shuffleService()),
        thrift(given.thrift()),
        shared("spark.connect.grpc.binding.port", given.connect(), DEFAULTS.connect()),
        shared("spark.history.ui.port", given.history(), DEFAULTS.history()),
        given.gateway(),
        given.notebook(),
        given.management(),
        ofSqlDriver("spark.driver.port", given.sqlDriver(), DEFAULTS.sqlDriver()),
        ofSqlDriver(
            properties.value("spark.driver.blockManager.port").isPresent()
                ? "spark.driver.blockManager.port"
                : "spark.blockManager.port",
            given.sqlBlockManager(),
            DEFAULTS.sqlBlockManager()),
        ofSqlDriver("spark.ui.port", given.sqlUi(), DEFAULTS.sqlUi()));
  }

  private int shared(String key, int given, int fallback) {
    properties.put(given == fallback ? Layer.NODE : Layer.VARIABLE, key, Integer.toString(given));
    return read(key, properties.value(key).orElseThrow(), given);
  }

  /**
   * Other drivers of the node would fight over the SQL driver's ports: they are no entry of the
   * shared file, but an entry there counts for the SQL driver too.
   */
  private int ofSqlDriver(String key, int given, int fallback) {
    return given == fallback
        ? properties.value(key).map(text -> read(key, text, given)).orElse(given)
        : given;
  }

  private int thrift(int given) {
    String key = "hive.server2.thrift.port";
    if (given != DEFAULTS.thrift()) {
      return given;
    }
    return properties
        .value("spark.hadoop." + key)
        .or(() -> Optional.ofNullable(hiveSite.properties().get(key)))
        .map(text -> read(key, text, given))
        .orElse(given);
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
