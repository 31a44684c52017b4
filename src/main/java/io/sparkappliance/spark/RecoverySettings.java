package io.sparkappliance.spark;

import io.sparkappliance.auth.ZooKeeperChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.spark.SparkConf;

/**
 * How a master reaches the ensemble that elects it.
 *
 * @param servers {@code spark.deploy.zookeeper.url}, Spark's own setting, up to the first slash:
 *     {@code host:port,…}
 * @param namespace what follows that slash: the path below which everything lives; empty: the root
 * @param directory {@code spark.deploy.zookeeper.dir}, Spark's own setting; {@code /spark}
 * @param session {@code spark.sparkappliance.zookeeper.sessionTimeout}: what is asked for; the
 *     ensemble grants no less than two of its ticks, which is 4 s in a default one. Default: two
 *     seconds; with less, a pause of the garbage collector would depose a leader, and a client has
 *     a session's time to reach one server after the other
 * @param connection {@code spark.sparkappliance.zookeeper.connectionTimeout}: how long one attempt
 *     to connect may take; two seconds
 * @param sessionFile {@code spark.sparkappliance.zookeeper.sessionFile}: where the session is
 *     noted, for a supervisor that ends it when the master has died
 * @param loginFile {@code spark.sparkappliance.zookeeper.loginFile}: holds {@code name:password}
 *     with which nodes are made; empty: they are open to all
 * @param channel how the ensemble is reached: with {@code spark.sparkappliance.zookeeper.tls=true}
 *     by TLS, with {@code keyStore}, {@code keyStorePasswordFile}, {@code trustStore} and {@code
 *     trustStorePasswordFile} below {@code spark.sparkappliance.zookeeper.tls}
 */
record RecoverySettings(
    String servers,
    String namespace,
    String directory,
    Duration session,
    Duration connection,
    Optional<Path> sessionFile,
    Optional<Path> loginFile,
    ZooKeeperChannel channel) {
  private static final String PREFIX = "spark.sparkappliance.zookeeper.";

  /**
   * Reads a master's settings.
   *
   * @throws IllegalArgumentException when no ensemble is named
   */
  static RecoverySettings of(SparkConf conf) {
    String ensemble = conf.get("spark.deploy.zookeeper.url", "");
    if (ensemble.isBlank()) {
      throw new IllegalArgumentException(
          "spark.deploy.zookeeper.url names no ensemble: give host:port[,host:port…]");
    }
    String[] parts = ensemble.strip().split("/", 2);
    return new RecoverySettings(
        parts[0],
        parts.length < 2 ? "" : parts[1],
        conf.get("spark.deploy.zookeeper.dir", "/spark"),
        Duration.ofMillis(conf.getTimeAsMs(PREFIX + "sessionTimeout", "2s")),
        Duration.ofMillis(conf.getTimeAsMs(PREFIX + "connectionTimeout", "2s")),
        file(conf, "sessionFile"),
        file(conf, "loginFile"),
        channel(conf));
  }

  private static ZooKeeperChannel channel(SparkConf conf) {
    if (!conf.getBoolean(PREFIX + "tls", false)) {
      return ZooKeeperChannel.PLAIN;
    }
    try {
      return ZooKeeperChannel.byTls(
          file(conf, "tls.keyStore"),
          file(conf, "tls.keyStorePasswordFile"),
          file(conf, "tls.trustStore"),
          file(conf, "tls.trustStorePasswordFile"));
    } catch (IOException unreadable) {
      throw new UncheckedIOException("can't read the passwords for ZooKeeper", unreadable);
    }
  }

  private static Optional<Path> file(SparkConf conf, String key) {
    return Optional.of(conf.get(PREFIX + key, "")).filter(name -> !name.isEmpty()).map(Path::of);
  }

  /** Where masters stand for election: as in stock Spark, so that old and new see each other. */
  String election() {
    return directory + "/leader_election";
  }

  /** What a master remembers of workers, applications and drivers: as in stock Spark. */
  String state() {
    return directory + "/master_status";
  }
}
