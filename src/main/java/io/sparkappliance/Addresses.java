package io.sparkappliance;

import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.AuthMode;
import io.sparkappliance.settings.Settings.Ports;
import io.sparkappliance.sparkconf.NodeConfiguration;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** What a user needs to know when the node is ready: where things are, and how to get in. */
final class Addresses {
  private final Settings settings;
  private final Credentials credentials;
  private final NodeConfiguration node;
  private final boolean showToken;

  /**
   * Prepares the text.
   *
   * @param showToken whether the token is shown: it was made at this start, or somebody wants it
   */
  Addresses(Settings settings, Credentials credentials, NodeConfiguration node, boolean showToken) {
    this.settings = settings;
    this.credentials = credentials;
    this.node = node;
    this.showToken = showToken;
  }

  String text() {
    StringBuilder text = new StringBuilder("ready");
    Ports ports = node.ports();
    if (settings.runs(Role.MASTER)) {
      line(text, "master", node.masterUrl());
      line(text, "master page", "http://" + publicHost() + ":" + ports.masterUi() + "/");
    }
    if (settings.runs(Role.WORKER)) {
      line(text, "worker page", "http://" + publicHost() + ":" + ports.workerUi() + "/");
    }
    if (settings.runs(Role.HISTORYSERVER)) {
      line(text, "history", "http://" + publicHost() + ":" + ports.history() + "/");
    }
    if (settings.runs(Role.THRIFTSERVER)) {
      line(text, "JDBC", jdbc(ports));
    }
    if (settings.runs(Role.CONNECT)) {
      line(text, "Connect", connect(ports));
    }
    if (settings.runs(Role.GATEWAY)) {
      line(text, "gateway", gateway(ports) + "/");
    }
    if (settings.runs(Role.NOTEBOOK)) {
      line(
          text,
          "notebook",
          "http://" + publicHost() + ":" + ports.notebook() + "/lab?token=" + notebookToken());
    }
    line(text, "health", "http://" + publicHost() + ":" + ports.management() + "/readyz");
    tokenLines(text);
    if (showToken) {
      exampleLines(text, ports);
    }
    return text.toString();
  }

  /** The name people use: ports of a container are published on the machine they sit at. */
  private String publicHost() {
    return settings.network().publicDns().orElse("localhost");
  }

  private String gateway(Ports ports) {
    String scheme = settings.gateway().tls().isPresent() ? "https" : "http";
    return scheme + "://" + publicHost() + ":" + ports.gateway();
  }

  private String jdbc(Ports ports) {
    String address = "jdbc:hive2://" + publicHost() + ":" + ports.thrift() + "/";
    return settings.access().thrift() == AuthMode.TOKEN
        ? address + "   (any user, the token as password)"
        : address;
  }

  /**
   * Clients insist on TLS with a parameter {@code token}, except for the host name {@code
   * localhost}; a header by another name they send as it is.
   */
  private String connect(Ports ports) {
    String address = "sc://" + publicHost() + ":" + ports.connect() + "/";
    if (settings.access().connect() == AuthMode.NONE) {
      return address;
    }
    String parameter = publicHost().equals("localhost") ? ";token=" : ";authorization=Bearer%20";
    return address + parameter + (showToken ? inUrl(credentials.apiToken()) : "TOKEN");
  }

  private String notebookToken() {
    boolean same = credentials.notebookToken().equals(credentials.apiToken());
    return showToken && same ? inUrl(credentials.apiToken()) : "TOKEN";
  }

  private void tokenLines(StringBuilder text) {
    Settings.Access access = settings.access();
    if (showToken) {
      line(text, "token", credentials.apiToken().reveal());
    }
    line(text, "token file", settings.paths().secrets().resolve("api-token").toString());
    if (settings.isSingleNode()
        && credentials.rpcSecret().isPresent()
        && access.rpcSecret().isEmpty()) {
      line(
          text,
          "cluster secret",
          settings.paths().secrets().resolve("rpc-secret")
              + "   (give its content to other nodes and clients as"
              + " SPARK_RPC_AUTHENTICATION_SECRET)");
    }
    boolean authenticated = node.value("spark.authenticate").filter("true"::equals).isPresent();
    if (settings.runs(Role.MASTER) && !authenticated) {
      line(
          text,
          "warning",
          "no cluster secret: everybody who reaches port "
              + node.ports().master()
              + " can run code here (SPARK_RPC_AUTHENTICATION_SECRET_FILE closes it)");
    }
    warn(text, settings.runs(Role.GATEWAY), access.api(), "API_AUTH", "the gateway");
    warn(text, settings.runs(Role.THRIFTSERVER), access.thrift(), "THRIFT_AUTH", "JDBC");
    warn(text, settings.runs(Role.CONNECT), access.connect(), "CONNECT_AUTH", "Spark Connect");
  }

  /** Commands to paste; each prints 42. */
  private void exampleLines(StringBuilder text, Ports ports) {
    String prefix = settings.access().commandPrefix().map(words -> words + " ").orElse("");
    boolean sql = settings.runs(Role.THRIFTSERVER);
    if (sql && settings.runs(Role.GATEWAY)) {
      // No certificate names the host that stands for any machine.
      boolean named = settings.network().publicDns().isPresent();
      String curl = settings.gateway().tls().isPresent() && !named ? "curl -sfk" : "curl -sf";
      if (settings.access().api() == AuthMode.TOKEN) {
        String header = "Authorization: Bearer " + credentials.apiToken().reveal();
        curl += " -H '" + header.replace("'", "'\\''") + "'";
      }
      String gateway = gateway(ports);
      // A job that runs has no output yet: 404.
      line(
          text,
          "try REST",
          curl
              + " --retry 60 --retry-delay 1 --retry-all-errors "
              + gateway
              + "/get_job_output/$(echo 'select 42 as answer' | "
              + curl
              + " -F 'file=@-;filename=answer.sql' "
              + gateway
              + "/send_query)");
    }
    if (sql) {
      String login =
          settings.access().thrift() == AuthMode.TOKEN
              ? " -n me -w " + settings.paths().secrets().resolve("api-token")
              : "";
      line(
          text,
          "try JDBC",
          prefix
              + settings.paths().sparkHome().resolve("bin/beeline")
              + " -u jdbc:hive2://"
              + node.host()
              + ":"
              + ports.thrift()
              + "/"
              + login
              + " -e 'select 42 as answer'");
    }
    if (settings.runs(Role.CONNECT)) {
      String token =
          settings.access().connect() == AuthMode.TOKEN
              ? ";token=" + inUrl(credentials.apiToken())
              : "";
      line(
          text,
          "try Connect",
          prefix
              + settings.paths().python()
              + " -c 'from pyspark.sql import SparkSession; print(SparkSession.builder.remote(\"sc://localhost:"
              + ports.connect()
              + "/"
              + token
              + "\").getOrCreate().sql(\"select 42\").first()[0])'");
    }
  }

  /** Percent-encoded: safe in addresses, and between quotes of a shell. */
  private static String inUrl(Secret token) {
    return URLEncoder.encode(token.reveal(), StandardCharsets.UTF_8);
  }

  private static void warn(
      StringBuilder text, boolean runs, AuthMode mode, String variable, String what) {
    if (runs && mode == AuthMode.NONE) {
      line(
          text,
          "warning",
          variable + "=none: everybody who reaches the port of " + what + " can run code here");
    }
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append("\n  ").append("%-15s".formatted(name)).append(value);
  }
}
