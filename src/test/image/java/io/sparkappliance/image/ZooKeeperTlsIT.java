package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.testing.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Three ZooKeeper servers that speak TLS only, with each other too, and all their clients. */
@Tag("long")
@ExtendWith(LabExtension.class)
final class ZooKeeperTlsIT {
  private static final String SERVERS = "z1,z2,z3";
  private static final String ENSEMBLE = "z1:2181,z2:2181,z3:2181";
  private static final String TOKEN = "token-of-the-encrypted";

  private final String network = Lab.network("zookeeper-tls");
  private final Path keys = Lab.directory("zookeeper-tls");
  private final Path password = Lab.file("zookeeper-tls-password", Certificates.PASSWORD + "\n");
  private final Path login = Lab.file("zookeeper-tls-login", "cluster:login-of-the-encrypted\n");

  @Test
  void everybodySpeaksTls() throws Exception {
    makeKeys();
    try {
      for (String server : List.of("z2", "z3")) {
        server(server).roles("ZOOKEEPER").option("--memory", "512m").start(server);
      }
      Container node =
          server("z1")
              .roles("ZOOKEEPER", "MASTER", "WORKER", "THRIFTSERVER", "WEBAPP")
              .env("MASTER_STACK_NAME", "spark://z1:7077")
              .env("DRIVER_MEMORY", "512m")
              .env("EXECUTOR_MEMORY", "512m")
              .publish(8000)
              .start("z1");
      node.awaitReady(HaCluster.DEADLINE);

      GatewayClient gateway = new GatewayClient(node, Optional.of(TOKEN));
      assertThat(gateway.get("/get_master_ip").text()).isEqualTo("z1");
      assertThat(gateway.get("/get_thrift_server_uri").text()).isEqualTo("jdbc:hive2://z1:10000/");
      assertThat(node.logs()).doesNotContain(Certificates.PASSWORD, "login-of-the-encrypted");

      Docker.Output beeline = findByDiscovery();
      assertThat(beeline.out()).as(beeline.all()).contains("| 42 ");

      assertThat(node.exec("bash", "-c", "exec 3<>/dev/tcp/z2/2181; echo srvr >&3; cat <&3").out())
          .as("without TLS")
          .doesNotContain("Mode");
      // Followers that don't speak TLS to their leader are none: all three have one mind.
      assertThat(node.shell("grep -c '^sslQuorum=true$' /var/lib/spark-appliance/conf/zoo.cfg"))
          .isEqualTo("1");
    } finally {
      Lab.removeContainersOf(network);
    }
  }

  @Test
  void whoHasACertificateOfAnotherAuthorityIsNoPeer() throws Exception {
    makeKeys();
    Certificates.make(keys, "stranger", List.of("dns:z1", "dns:z2", "dns:z3"));
    readable("stranger-key.p12");
    readable("stranger-trust.p12");
    try {
      List<Container> friends =
          Stream.of("z1", "z2")
              .map(name -> server(name).roles("ZOOKEEPER").option("--memory", "512m").start(name))
              .toList();
      Container stranger =
          server("z3")
              .roles("ZOOKEEPER")
              .option("--memory", "512m")
              .env("ZOOKEEPER_TLS_KEYSTORE_FILE", "/keys/stranger-key.p12")
              .env("ZOOKEEPER_TLS_TRUSTSTORE_FILE", "/keys/stranger-trust.p12")
              .start("z3");
      friends.forEach(friend -> friend.awaitReady(HaCluster.DEADLINE));
      await("it was refused")
          .atMost(HaCluster.DEADLINE)
          .until(() -> stranger.logs().contains("SSLHandshakeException"));
      assertThat(HaCluster.readiness(stranger)).doesNotContain("\"ready\":true");
    } finally {
      Lab.removeContainersOf(network);
    }
  }

  /** Hive's driver has no settings for it; ZooKeeper's client in it takes system properties. */
  private Docker.Output findByDiscovery() {
    return Container.of(Lab.SLIM)
        .network(network, "client")
        .mount(keys, "/keys")
        .env(
            "JDK_JAVA_OPTIONS",
            "-Dzookeeper.client.secure=true"
                + " -Dzookeeper.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty"
                + " -Dzookeeper.ssl.trustStore.location=/keys/z-trust.p12"
                + " -Dzookeeper.ssl.trustStore.password="
                + Certificates.PASSWORD)
        .env("MASTER_STACK_NAME", "spark://z1:7077")
        .command(
            "beeline",
            "-u",
            "jdbc:hive2://"
                + ENSEMBLE
                + "/;serviceDiscoveryMode=zooKeeper;zooKeeperNamespace=hiveserver2",
            "-n",
            "somebody",
            "-p",
            TOKEN,
            "-e",
            "select 6 * 7 as answer")
        .runToEnd(Duration.ofMinutes(3));
  }

  private Container.Plan server(String name) {
    return Container.of(Lab.SLIM)
        .network(network, name)
        .mount(keys, "/keys")
        .mount(password, "/run/secrets/stores")
        .mount(login, "/run/secrets/zookeeper")
        .env("ADVERTISED_HOST", name)
        .env("API_TOKEN", TOKEN)
        .env("ZOOKEEPER_SERVERS", SERVERS)
        .env("ZOOKEEPER_AUTH_FILE", "/run/secrets/zookeeper")
        .env("ZOOKEEPER_TLS_ENABLED", "true")
        .env("ZOOKEEPER_TLS_KEYSTORE_FILE", "/keys/z-key.p12")
        .env("ZOOKEEPER_TLS_KEYSTORE_PASSWORD_FILE", "/run/secrets/stores")
        .env("ZOOKEEPER_TLS_TRUSTSTORE_FILE", "/keys/z-trust.p12")
        .env("ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD_FILE", "/run/secrets/stores");
  }

  private void makeKeys() throws IOException, InterruptedException {
    Certificates.make(keys, "z", List.of("dns:z1", "dns:z2", "dns:z3"));
    readable("z-key.p12");
    readable("z-trust.p12");
  }

  private void readable(String store) throws IOException {
    Files.setPosixFilePermissions(
        keys.resolve(store), PosixFilePermissions.fromString("rw-r--r--"));
  }
}
