package io.sparkappliance.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.auth.ZooKeeperChannel;
import io.sparkappliance.cluster.AbandonedSession;
import io.sparkappliance.cluster.ZooKeeperClients;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.sparkconf.ZooKeeperFiles;
import io.sparkappliance.testing.Certificates;
import io.sparkappliance.testing.SparkProcess;
import io.sparkappliance.testing.ZooKeeperProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real ZooKeeper server that speaks TLS only, as the appliance sets it up, and its clients. */
class ZooKeeperTlsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  @TempDir Path directory;

  private int port;
  private ZooKeeperProcess zooKeeper;

  @BeforeEach
  void start() throws Exception {
    Certificates.make(directory, "node", List.of("dns:localhost", "ip:127.0.0.1"));
    Certificates.make(directory, "stranger", List.of("dns:localhost", "ip:127.0.0.1"));
    port = SparkProcess.freePort();
    Settings server = settings(Map.of("START_ZOOKEEPER", "true"));
    // As the launcher does it: the server reads them from files.
    for (Path password :
        List.of(
            server.paths().secret("ZOOKEEPER_TLS_KEYSTORE_PASSWORD"),
            server.paths().secret("ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD"))) {
      Files.createDirectories(password.getParent());
      Files.writeString(password, Certificates.PASSWORD);
    }
    Files.createDirectories(server.paths().confDir());
    ZooKeeperFiles.write(server, "127.0.0.1", 1);
    zooKeeper = ZooKeeperProcess.start(directory, ZooKeeperFiles.configuration(server), port);
    await().atMost(PATIENCE).until(() -> answer(server).contains("Mode: standalone"));
  }

  @AfterEach
  void end() {
    zooKeeper.close();
  }

  @Test
  void ourClientsAreServedAndStrangersAreNot() throws Exception {
    try (CuratorFramework ours = ZooKeeperClients.of(ensemble(Map.of()))) {
      ours.start();
      assertThat(ours.blockUntilConnected((int) PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      ours.create().forPath("/mine");
    }
    // No certificate; one that nobody knows; a server whose certificate is not trusted; no TLS.
    Map<String, String> none = new TreeMap<>();
    none.put("ZOOKEEPER_TLS_KEYSTORE_FILE", "");
    for (Map<String, String> change :
        List.of(
            none,
            Map.of("ZOOKEEPER_TLS_KEYSTORE_FILE", store("stranger", "key")),
            Map.of("ZOOKEEPER_TLS_TRUSTSTORE_FILE", store("stranger", "trust")),
            Map.of("ZOOKEEPER_TLS_ENABLED", "false"))) {
      try (CuratorFramework stranger = ZooKeeperClients.of(ensemble(change))) {
        stranger.start();
        assertThat(stranger.blockUntilConnected(3, TimeUnit.SECONDS)).as("%s", change).isFalse();
      }
    }
    try (CuratorFramework plain =
        CuratorFrameworkFactory.newClient(zooKeeper.ensemble(), new RetryOneTime(100))) {
      plain.start();
      assertThat(plain.blockUntilConnected(1, TimeUnit.SECONDS)).isFalse();
    }
    try (CuratorFramework ours = ZooKeeperClients.of(ensemble(Map.of()))) {
      ours.start();
      assertThat(ours.blockUntilConnected(3, TimeUnit.SECONDS)).as("in the same time").isTrue();
    }
  }

  @Test
  void aMasterIsElectedAndItsSessionCanBeEnded() throws Exception {
    Path password = Files.writeString(directory.resolve("password"), Certificates.PASSWORD);
    Path session = directory.resolve("session");
    String prefix = "spark.sparkappliance.zookeeper.";
    Map<String, String> conf = new TreeMap<>();
    conf.put("spark.deploy.recoveryMode", "CUSTOM");
    conf.put("spark.deploy.recoveryMode.factory", ZooKeeperRecovery.class.getName());
    conf.put("spark.deploy.zookeeper.url", zooKeeper.ensemble());
    conf.put(prefix + "sessionFile", session.toString());
    conf.put(prefix + "sessionTimeout", "30s");
    conf.put(prefix + "tls", "true");
    conf.put(prefix + "tls.keyStore", store("node", "key"));
    conf.put(prefix + "tls.keyStorePasswordFile", password.toString());
    conf.put(prefix + "tls.trustStore", store("node", "trust"));
    conf.put(prefix + "tls.trustStorePasswordFile", password.toString());
    ZooKeeperEnsemble ensemble = ensemble(Map.of());
    try (SparkProcess master =
            SparkProcess.start(
                directory,
                "master",
                conf,
                StandaloneMaster.class.getName(),
                List.of("--host", "127.0.0.1", "--port", "0", "--webui-port", "0"));
        CuratorFramework observer = ZooKeeperClients.of(ensemble)) {
      observer.start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(observer.checkExists().forPath("/spark/current_leader"))
                      .as(master.log())
                      .isNotNull());
      assertThat(master.log()).doesNotContain(Certificates.PASSWORD);

      master.signal("KILL");
      await().atMost(PATIENCE).until(() -> !master.isAlive());
      assertThat(AbandonedSession.end(ensemble, session, PATIENCE)).isTrue();
      assertThat(observer.checkExists().forPath("/spark/current_leader")).isNull();
    }
  }

  @Test
  void filesThatCantBeOpenedAreFoundAtTheStart() throws Exception {
    new ZooKeeperChannel(ensemble(Map.of()).tls()).check();
    refused(
        Map.of("ZOOKEEPER_TLS_KEYSTORE_PASSWORD", "a-typing-mistake"),
        "ZOOKEEPER_TLS_KEYSTORE_FILE=" + store("node", "key") + ": can't be read as PKCS12");
    refused(
        Map.of("ZOOKEEPER_TLS_TRUSTSTORE_FILE", "/nowhere/trust.p12"),
        "ZOOKEEPER_TLS_TRUSTSTORE_FILE=/nowhere/trust.p12: can't be read as PKCS12 (there is no such"
            + " file");
    Path text = Files.writeString(directory.resolve("text.pem"), "not a certificate");
    refused(
        Map.of("ZOOKEEPER_TLS_TRUSTSTORE_FILE", text.toString()),
        "ZOOKEEPER_TLS_TRUSTSTORE_FILE=" + text + ": can't be read as PEM");
  }

  private void refused(Map<String, String> change, String message) throws Exception {
    ZooKeeperChannel channel = new ZooKeeperChannel(ensemble(change).tls());
    assertThatThrownBy(channel::check)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("a-typing-mistake")
        .hasMessageNotContaining(Certificates.PASSWORD);
  }

  /** What the server of these settings says when asked, as its probe does. */
  private String answer(Settings server) throws Exception {
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    try (Socket socket = ZooKeeperClients.socket(server.zooKeeperServer().tls())) {
      socket.connect(here, (int) PATIENCE.toMillis());
      socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException notYet) {
      return "";
    }
  }

  private ZooKeeperEnsemble ensemble(Map<String, String> change) throws Exception {
    return settings(change).cluster().zooKeeper().orElseThrow();
  }

  private Settings settings(Map<String, String> change) throws Exception {
    Map<String, String> environment = new TreeMap<>();
    environment.put("START_MASTER", "true");
    environment.put("SPARK_APPLIANCE_DATA", directory.resolve("data").toString());
    environment.put("ZOOKEEPER_PORT", Integer.toString(port));
    environment.put("ZOOKEEPER_STACK_NAME", "127.0.0.1:" + port);
    environment.put("ZOOKEEPER_TLS_ENABLED", "true");
    environment.put("ZOOKEEPER_TLS_NEED_CLIENT_AUTH", "true");
    environment.put("ZOOKEEPER_TLS_KEYSTORE_FILE", store("node", "key"));
    environment.put("ZOOKEEPER_TLS_KEYSTORE_PASSWORD", Certificates.PASSWORD);
    environment.put("ZOOKEEPER_TLS_TRUSTSTORE_FILE", store("node", "trust"));
    environment.put("ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD", Certificates.PASSWORD);
    environment.putAll(change);
    return SettingsReader.read(environment, Files::readString).settings();
  }

  private String store(String name, String kind) {
    return directory.resolve(name + "-" + kind + ".p12").toString();
  }
}
