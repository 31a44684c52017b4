package io.sparkappliance.settings;

import io.sparkappliance.settings.Settings.Ports;
import java.util.LinkedHashMap;
import java.util.Map;

/** What single variables can't tell: whether they make sense together. */
final class Consistency {
  private final Settings settings;
  private final Problems problems;

  Consistency(Settings settings, Problems problems) {
    this.settings = settings;
    this.problems = problems;
  }

  void check() {
    checkMasterIsKnown();
    checkSingleMaster();
    checkRpcAuthentication();
    checkPorts();
  }

  private void checkMasterIsKnown() {
    if (settings.runs(Role.MASTER) || !settings.cluster().masters().isEmpty()) {
      return;
    }
    for (Role role : settings.roles().stream().sorted().toList()) {
      boolean needsMaster =
          switch (role) {
            case WORKER, THRIFTSERVER, CONNECT, NOTEBOOK -> true;
            case MASTER, HISTORYSERVER, GATEWAY -> false;
          };
      if (needsMaster) {
        problems.add(
            role.variable(),
            "true",
            "needs a master, and none is known",
            "Set START_MASTER=true to run one here, or MASTER_STACK_NAME=spark://host:7077 to use"
                + " another node's.");
      }
    }
  }

  private void checkSingleMaster() {
    if (settings.runs(Role.MASTER) && settings.cluster().masters().size() > 1) {
      problems.add(
          "MASTER_STACK_NAME",
          text(),
          "several masters need ZooKeeper, which is not supported yet",
          "Name one master, or none: the one on this node is then used.");
    }
  }

  private String text() {
    return "spark://"
        + String.join(
            ",", settings.cluster().masters().stream().map(HostAndPort::toString).toList());
  }

  private void checkRpcAuthentication() {
    Settings.Access access = settings.access();
    boolean on = access.rpcAuthentication().orElse(false);
    if (on && access.rpcSecret().isEmpty() && !settings.isSingleNode()) {
      problems.add(
          "SPARK_RPC_AUTHENTICATION_ENABLED",
          "true",
          "needs the cluster secret, which every node must share",
          "Set SPARK_RPC_AUTHENTICATION_SECRET_FILE (or SPARK_RPC_AUTHENTICATION_SECRET) to the same"
              + " secret on every node.");
    }
    boolean off = !access.rpcAuthentication().orElse(true);
    boolean encrypted =
        Boolean.parseBoolean(settings.sparkProperties().get("spark.network.crypto.enabled"));
    if (off && encrypted) {
      problems.add(
          "SPARK_RPC_ENCRYPTION_ENABLED",
          "true",
          "needs authentication, and SPARK_RPC_AUTHENTICATION_ENABLED is off",
          "Switch both on, or both off.");
    }
  }

  private void checkPorts() {
    Map<Integer, String> taken = new LinkedHashMap<>();
    Ports ports = settings.network().ports();
    if (settings.runs(Role.MASTER)) {
      take(taken, "SPARK_MASTER_PORT", ports.master());
      take(taken, "SPARK_MASTER_WEBUI_PORT", ports.masterUi());
    }
    if (settings.runs(Role.WORKER)) {
      ports.worker().ifPresent(port -> take(taken, "SPARK_WORKER_PORT", port));
      take(taken, "SPARK_WORKER_WEBUI_PORT", ports.workerUi());
      take(taken, "SHUFFLE_SERVICE_PORT", ports.shuffleService());
    }
    if (settings.runs(Role.THRIFTSERVER)) {
      take(taken, "THRIFT_PORT", ports.thrift());
    }
    if (settings.runs(Role.CONNECT)) {
      take(taken, "CONNECT_PORT", ports.connect());
    }
    if (settings.runsSqlDriver()) {
      take(taken, "SQL_DRIVER_PORT", ports.sqlDriver());
      take(taken, "SQL_BLOCK_MANAGER_PORT", ports.sqlBlockManager());
      take(taken, "SQL_UI_PORT", ports.sqlUi());
    }
    if (settings.runs(Role.HISTORYSERVER)) {
      take(taken, "HISTORY_PORT", ports.history());
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

  private void take(Map<Integer, String> taken, String variable, int port) {
    String owner = taken.putIfAbsent(port, variable);
    if (owner != null) {
      problems.add(
          variable,
          Integer.toString(port),
          "is also the port of " + owner,
          "Give one of the two another port.");
    }
  }
}
