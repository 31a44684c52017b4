package io.sparkappliance.settings;

import io.sparkappliance.settings.Settings.Ports;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Finds ports that two services of one node would want. */
public final class PortCollisions {
  private final Settings settings;
  private final UnaryOperator<String> shownAs;
  private final Problems problems;
  private final Map<Integer, String> taken = new HashMap<>();

  /**
   * Prepares the check.
   *
   * @param settings which roles run
   * @param shownAs what to call a port in an error, by the name of its variable
   * @param problems gets one for each collision
   */
  public PortCollisions(Settings settings, UnaryOperator<String> shownAs, Problems problems) {
    this.settings = settings;
    this.shownAs = shownAs;
    this.problems = problems;
  }

  /** Checks the ports of the roles that run; those of others may be the same. */
  public void check(Ports ports) {
    if (settings.runs(Role.ZOOKEEPER)) {
      take("ZOOKEEPER_PORT", settings.zooKeeperServer().port());
      take("ZOOKEEPER_QUORUM_PORT", settings.zooKeeperServer().quorumPort());
      take("ZOOKEEPER_ELECTION_PORT", settings.zooKeeperServer().electionPort());
    }
    if (settings.runs(Role.MASTER)) {
      take("SPARK_MASTER_PORT", ports.master());
      take("SPARK_MASTER_WEBUI_PORT", ports.masterUi());
    }
    if (settings.runs(Role.WORKER)) {
      ports.worker().ifPresent(port -> take("SPARK_WORKER_PORT", port));
      take("SPARK_WORKER_WEBUI_PORT", ports.workerUi());
      take("SHUFFLE_SERVICE_PORT", ports.shuffleService());
    }
    if (settings.runs(Role.THRIFTSERVER)) {
      take("THRIFT_PORT", ports.thrift());
    }
    if (settings.runs(Role.CONNECT)) {
      take("CONNECT_PORT", ports.connect());
    }
    if (settings.runsSqlDriver()) {
      take("SQL_DRIVER_PORT", ports.sqlDriver());
      take("SQL_BLOCK_MANAGER_PORT", ports.sqlBlockManager());
      take("SQL_UI_PORT", ports.sqlUi());
    }
    if (settings.runs(Role.HISTORYSERVER)) {
      take("HISTORY_PORT", ports.history());
    }
    if (settings.runs(Role.GATEWAY)) {
      take("GATEWAY_PORT", ports.gateway());
    }
    if (settings.runs(Role.NOTEBOOK)) {
      take("NOTEBOOK_PORT", ports.notebook());
    }
    if (!settings.roles().isEmpty()) {
      take("MANAGEMENT_PORT", ports.management());
    }
  }

  private void take(String variable, int port) {
    String owner = taken.putIfAbsent(port, variable);
    if (owner != null) {
      problems.add(
          shownAs.apply(variable),
          Integer.toString(port),
          "is also the port of " + shownAs.apply(owner),
          "Give one of the two another port.");
    }
  }
}
