package io.sparkappliance.settings;

/** What a node can be asked to do; each constant has its {@code START_…} variable. */
public enum Role {
  /** A ZooKeeper server, which elects masters. */
  ZOOKEEPER("START_ZOOKEEPER", "zookeeper"),
  /** The standalone cluster's master. */
  MASTER("START_MASTER", "master"),
  /** A worker that runs executors for the masters it knows. */
  WORKER("START_WORKER", "worker"),
  /** JDBC/ODBC server that speaks the HiveServer2 protocol. */
  THRIFTSERVER("START_THRIFTSERVER", "thriftserver"),
  /** Spark Connect server (gRPC). */
  CONNECT("START_CONNECT", "connect"),
  /** History server over the event logs. */
  HISTORYSERVER("START_HISTORYSERVER", "historyserver"),
  /** REST gateway; its variable keeps the old name. */
  GATEWAY("START_WEBAPP", "gateway"),
  /** JupyterLab. */
  NOTEBOOK("START_NOTEBOOK", "notebook");

  private final String variable;
  private final String label;

  Role(String variable, String label) {
    this.variable = variable;
    this.label = label;
  }

  /** Name of the environment variable that turns the role on. */
  public String variable() {
    return variable;
  }

  /** Lower-case name used in logs, metrics and JSON. */
  public String label() {
    return label;
  }
}
