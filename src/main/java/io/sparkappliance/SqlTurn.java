package io.sparkappliance;

import io.sparkappliance.auth.ZooKeeperLogin;
import io.sparkappliance.cluster.ServiceTurn;
import io.sparkappliance.cluster.ZooKeeperClients;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.AuthMode;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.sparkconf.NodeConfiguration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Thrift server and Connect in a cluster with ZooKeeper: one node at a time serves SQL. */
final class SqlTurn {
  private SqlTurn() {}

  /**
   * Empty where only this node can serve SQL, or where it doesn't.
   *
   * @param zooKeeper the ensemble as it is known now
   */
  static Optional<ServiceTurn> of(
      Settings settings, NodeConfiguration node, Supplier<Optional<ZooKeeperEnsemble>> zooKeeper) {
    if (!settings.runsSqlDriver()) {
      return Optional.empty();
    }
    boolean thrift = settings.runs(Role.THRIFTSERVER);
    int port = thrift ? node.ports().thrift() : node.ports().connect();
    return zooKeeper
        .get()
        .map(
            ensemble ->
                new ServiceTurn(
                    ZooKeeperClients.following(() -> zooKeeper.get().orElse(ensemble)),
                    ensemble.login().map(Secret::reveal).map(ZooKeeperLogin::new),
                    "/spark/sql",
                    new HostAndPort(node.host(), port),
                    entries(settings, node),
                    node.value("spark.deploy.zookeeper.dir").orElse("/spark") + "/current_leader",
                    settings.runs(Role.MASTER)
                        ? Optional.of(new HostAndPort(node.host(), node.ports().master()))
                        : Optional.empty()));
  }

  /** Where clients look: for JDBC as Hive's driver reads it, for Connect {@code host:port}. */
  static Map<String, String> entries(Settings settings, NodeConfiguration node) {
    Map<String, String> entries = new LinkedHashMap<>();
    if (settings.runs(Role.THRIFTSERVER)) {
      int port = node.ports().thrift();
      entries.put(
          "/hiveserver2/serverUri=" + node.host() + ":" + port + ";sequence=",
          "hive.server2.thrift.bind.host="
              + node.host()
              + ";hive.server2.transport.mode=binary;hive.server2.thrift.port="
              + port
              + ";hive.server2.thrift.sasl.qop=auth;hive.server2.use.SSL="
              + node.value("spark.hadoop.hive.server2.use.SSL").orElse("false")
              + ";hive.server2.authentication="
              + (settings.access().thrift() == AuthMode.TOKEN ? "CUSTOM" : "NONE"));
    }
    if (settings.runs(Role.CONNECT)) {
      entries.put(
          "/spark/connect/server-",
          new HostAndPort(node.host(), node.ports().connect()).toString());
    }
    return entries;
  }
}
