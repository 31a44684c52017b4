package io.sparkappliance.settings;

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
    checkZooKeeperServer();
    checkRpcAuthentication();
    checkLifecycleHook();
    new PortCollisions(settings, variable -> variable, problems).check(settings.network().ports());
  }

  private void checkLifecycleHook() {
    Settings.Draining draining = settings.draining();
    if (draining.lifecycleHook().isPresent() && !draining.on().contains(NoticeKind.LIFECYCLE)) {
      problems.add(
          "LIFECYCLE_HOOK",
          draining.lifecycleHook().get(),
          "belongs to notices that DRAIN_ON leaves out",
          "Add lifecycle to DRAIN_ON, or leave the hook to whoever completes it.");
    }
  }

  private void checkMasterIsKnown() {
    if (settings.runs(Role.MASTER) || settings.cluster().namesMasters()) {
      return;
    }
    for (Role role : settings.roles().stream().sorted().toList()) {
      boolean needsMaster =
          switch (role) {
            case WORKER, THRIFTSERVER, CONNECT, NOTEBOOK -> true;
            case ZOOKEEPER, MASTER, HISTORYSERVER, GATEWAY -> false;
          };
      if (needsMaster) {
        problems.add(
            role.variable(),
            "true",
            "needs a master, and none is known",
            "Set START_MASTER=true to run one here, or MASTER_STACK_NAME=spark://host:7077 (on AWS"
                + " also a stack's name) to use another node's.");
      }
    }
  }

  private void checkSingleMaster() {
    Settings.Cluster cluster = settings.cluster();
    boolean several =
        cluster.masters().size() > 1
            || (cluster.masterNames().stack().isPresent() && cluster.size() > 1);
    if (settings.runs(Role.MASTER) && several && cluster.zooKeeper().isEmpty()) {
      problems.add(
          "MASTER_STACK_NAME",
          text(),
          "several masters need ZooKeeper, which elects one of them",
          "Set ZOOKEEPER_STACK_NAME=host:port[,host:port…], or name one master, or none: the one on"
              + " this node is then used.");
    }
  }

  private void checkZooKeeperServer() {
    Settings.ZooKeeperServer server = settings.zooKeeperServer();
    int servers = server.servers().size();
    if (servers > 0 && servers % 2 == 0) {
      problems.add(
          "ZOOKEEPER_SERVERS",
          String.join(",", server.servers()),
          "an even number of servers survives no more than one fewer does",
          "Name one, three or five hosts.");
    }
    if (settings.runs(Role.ZOOKEEPER)
        && server.tls().filter(tls -> tls.keyStore().isEmpty()).isPresent()) {
      problems.add(
          "ZOOKEEPER_TLS_ENABLED",
          "true",
          "a server needs a key and a certificate",
          "Set ZOOKEEPER_TLS_KEYSTORE_FILE, and its password if it has one.");
    }
    if (settings.runs(Role.ZOOKEEPER)
        && server.tls().filter(tls -> tls.trustStore().isEmpty()).isPresent()
        && (servers > 1 || server.tls().orElseThrow().needClientAuth())) {
      problems.add(
          "ZOOKEEPER_TLS_ENABLED",
          "true",
          "a server that asks others for certificates needs to know whose it trusts",
          "Set ZOOKEEPER_TLS_TRUSTSTORE_FILE: without it, any public authority's would do.");
    }
    server
        .id()
        .filter(id -> id > Math.max(1, servers))
        .ifPresent(
            id ->
                problems.add(
                    "ZOOKEEPER_ID",
                    id.toString(),
                    "must be a place in ZOOKEEPER_SERVERS, which names " + servers + " hosts",
                    "Give the place of this host in that list, from 1, or leave it out."));
  }

  private String text() {
    return settings
        .cluster()
        .masterNames()
        .stack()
        .orElseGet(() -> MasterUrl.of(settings.cluster().masters()));
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
}
