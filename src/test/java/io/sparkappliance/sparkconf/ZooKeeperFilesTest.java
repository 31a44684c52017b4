package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZooKeeperFilesTest {
  @TempDir Path directory;

  private Settings settings(String servers) throws IOException {
    return new ConfigurationFixture(directory)
        .set("START_ZOOKEEPER", "true")
        .set("ZOOKEEPER_SERVERS", servers)
        .set("ZOOKEEPER_PORT", "2182")
        .settings();
  }

  @Test
  void aServerAloneHasNoPeers() throws IOException {
    assertThat(ZooKeeperFiles.text(settings(""), "127.0.0.1").lines())
        .contains(
            "dataDir=" + directory.resolve("data/zookeeper"),
            "clientPort=2182",
            "clientPortAddress=127.0.0.1",
            "tickTime=500",
            "minSessionTimeout=2000",
            "4lw.commands.whitelist=srvr,ruok",
            "admin.enableServer=false",
            "autopurge.purgeInterval=1")
        .noneMatch(line -> line.startsWith("server."));
  }

  @Test
  void severalServersKnowEachOtherAndTheirNumbers() throws IOException {
    Settings settings = settings("zk1,zk2,zk3");
    ZooKeeperFiles.write(settings, "0.0.0.0", 2);
    assertThat(Files.readAllLines(ZooKeeperFiles.configuration(settings)))
        .contains("server.1=zk1:2888:3888", "server.2=zk2:2888:3888", "server.3=zk3:2888:3888");
    assertThat(directory.resolve("data/zookeeper/myid")).hasContent("2");
    ZooKeeperFiles.write(settings, "0.0.0.0", 2);

    assertThatThrownBy(() -> ZooKeeperFiles.write(settings, "0.0.0.0", 3))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("ZOOKEEPER_ID=3")
        .hasMessageContaining("is that of server 2");
  }
}
