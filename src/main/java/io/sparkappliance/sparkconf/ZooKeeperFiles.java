package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.ZooKeeperServer;
import io.sparkappliance.settings.ZooKeeperTls;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a ZooKeeper server reads at its start: {@code zoo.cfg}, and its own number beside its data.
 */
public final class ZooKeeperFiles {
  private ZooKeeperFiles() {}

  /** Where {@code zoo.cfg} is. */
  public static Path configuration(Settings settings) {
    return settings.paths().confDir().resolve("zoo.cfg");
  }

  /**
   * Writes both files.
   *
   * @param bindHost where the server listens for clients
   * @param id this server's place in {@code ZOOKEEPER_SERVERS}, from 1
   * @throws ConfigurationException when the data there belongs to another server, or can't be
   *     written
   */
  public static void write(Settings settings, String bindHost, int id) {
    Path data = settings.paths().zooKeeper();
    Path number = data.resolve("myid");
    try {
      Files.createDirectories(data);
      // What masters remember, and hashes of logins: in ZooKeeper they are closed, too.
      Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx------"));
      if (!settings.zooKeeperServer().servers().isEmpty()) {
        if (Files.exists(number)
            && !Files.readString(number).strip().equals(Integer.toString(id))) {
          throw new ConfigurationException(
              new Problem(
                  "ZOOKEEPER_ID",
                  Integer.toString(id),
                  "the data in " + data + " is that of server " + Files.readString(number).strip(),
                  "Keep the order of ZOOKEEPER_SERVERS, or give each server its own data volume."));
        }
        AtomicFiles.write(number, id + "\n", "rw-r--r--");
      }
      AtomicFiles.write(configuration(settings), text(settings, bindHost), "rw-r--r--");
    } catch (IOException failure) {
      throw ConfigurationException.unwritable(
          settings.paths().data(), "ZooKeeper's files", failure);
    }
  }

  /** {@code zoo.cfg}, one setting a line. */
  static String text(Settings settings, String bindHost) {
    ZooKeeperServer server = settings.zooKeeperServer();
    Map<String, String> lines = new TreeMap<>();
    lines.put("dataDir", settings.paths().zooKeeper().toString());
    String clients = server.tls().isPresent() ? "secureClientPort" : "clientPort";
    lines.put(clients, Integer.toString(server.port()));
    lines.put(clients + "Address", bindHost);
    server.tls().ifPresent(tls -> lines.putAll(tls(settings, tls)));
    // A quarter of the default: sessions end, and leaders are missed, that much sooner.
    lines.put("tickTime", "500");
    // In ticks: 20 s to load a snapshot from the leader, 2 s to be out of touch with it.
    lines.put("initLimit", "40");
    lines.put("syncLimit", "4");
    // Less would depose a master for a pause of its garbage collector.
    lines.put("minSessionTimeout", "2000");
    lines.put("maxSessionTimeout", "60000");
    // What is asked without a login: whether it serves. The rest tells about clients and data.
    lines.put("4lw.commands.whitelist", "srvr,ruok");
    lines.put("admin.enableServer", "false");
    lines.put("autopurge.snapRetainCount", "3");
    lines.put("autopurge.purgeInterval", "1");
    // Names may move to other addresses, as they do in containers.
    lines.put("quorumListenOnAllIPs", "true");
    List<String> servers = server.servers();
    if (servers.size() > 1) {
      for (int i = 0; i < servers.size(); i++) {
        lines.put(
            "server." + (i + 1),
            servers.get(i) + ":" + server.quorumPort() + ":" + server.electionPort());
      }
    }
    return lines.entrySet().stream()
        .map(line -> line.getKey() + "=" + line.getValue() + "\n")
        .collect(Collectors.joining());
  }

  private static Map<String, String> tls(Settings settings, ZooKeeperTls tls) {
    Map<String, String> lines = new TreeMap<>();
    // The only one that knows TLS.
    lines.put("serverCnxnFactory", "org.apache.zookeeper.server.NettyServerCnxnFactory");
    lines.put("ssl.clientAuth", tls.needClientAuth() ? "need" : "none");
    lines.put("sslQuorum", "true");
    // A server that calls is known by its certificate; its address may have any name, or none.
    lines.put("ssl.quorum.clientHostnameVerification", "false");
    for (String prefix : new String[] {"ssl.", "ssl.quorum."}) {
      tls.keyStore().ifPresent(it -> lines.put(prefix + "keyStore.location", it.toString()));
      tls.trustStore().ifPresent(it -> lines.put(prefix + "trustStore.location", it.toString()));
      if (tls.keyStorePassword().isPresent()) {
        lines.put(
            prefix + "keyStore.passwordPath",
            settings.paths().secret("ZOOKEEPER_TLS_KEYSTORE_PASSWORD").toString());
      }
      if (tls.trustStorePassword().isPresent()) {
        lines.put(
            prefix + "trustStore.passwordPath",
            settings.paths().secret("ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD").toString());
      }
    }
    return lines;
  }
}
