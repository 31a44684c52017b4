package io.sparkappliance.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.testing.ZooKeeperProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZooKeeperClusterViewTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  /** What the nodes themselves say. */
  private static final ClusterView NODES =
      new ClusterView() {
        @Override
        public Optional<String> aliveMasterAddress() {
          return Optional.of("m1");
        }

        @Override
        public Optional<String> masterUri() {
          return Optional.of("spark://m1:7077,m2:7077");
        }

        @Override
        public Optional<HostAndPort> thriftServer() {
          return Optional.of(new HostAndPort("asked", 1));
        }

        @Override
        public Optional<HostAndPort> connectServer() {
          return Optional.of(new HostAndPort("asked", 2));
        }
      };

  @Test
  void tellsWhatIsWrittenThereAndAsksTheNodesWhenItIsAway(@TempDir Path directory)
      throws Exception {
    try (ZooKeeperProcess zooKeeper = ZooKeeperProcess.start(directory);
        CuratorFramework writer = client(zooKeeper);
        ZooKeeperClusterView view = new ZooKeeperClusterView(client(zooKeeper), NODES)) {
      writer.start();
      assertThat(writer.blockUntilConnected(30, TimeUnit.SECONDS)).isTrue();
      write(writer, "/spark/irrelevant", "x");
      await().atMost(PATIENCE).until(() -> view.thriftServer().isEmpty());
      assertThat(view.aliveMasterAddress()).as("the masters say it themselves").contains("m1");
      assertThat(view.connectServer()).isEmpty();
      assertThat(view.masterUri()).contains("spark://m1:7077,m2:7077");

      write(
          writer,
          "/hiveserver2/serverUri=m1:10000;sequence=0000000001",
          "hive.server2.thrift.bind.host=m1;hive.server2.thrift.port=10000");
      write(writer, "/spark/connect/server-0000000001", "m1:15002");
      await()
          .atMost(PATIENCE)
          .until(() -> view.thriftServer().equals(Optional.of(new HostAndPort("m1", 10_000))));
      await()
          .atMost(PATIENCE)
          .until(() -> view.connectServer().equals(Optional.of(new HostAndPort("m1", 15_002))));

      zooKeeper.stop();
      await()
          .atMost(PATIENCE)
          .until(() -> view.thriftServer().equals(Optional.of(new HostAndPort("asked", 1))));
      assertThat(view.connectServer()).contains(new HostAndPort("asked", 2));
      assertThat(view.aliveMasterAddress()).contains("m1");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "hive.server2.thrift.bind.host=h;x=y;hive.server2.thrift.port=1, h:1",
    "hive.server2.thrift.port=10000;hive.server2.thrift.bind.host=10.0.0.7, 10.0.0.7:10000",
    "hive.server2.thrift.bind.host=h;hive.server2.thrift.port=0, ''",
    "hive.server2.thrift.bind.host=h, ''",
    "anything else, ''"
  })
  void readsWhatHivesDriverReads(String text, String address) {
    assertThat(ZooKeeperClusterView.thriftServer(text).map(HostAndPort::toString).orElse(""))
        .isEqualTo(address);
  }

  private static CuratorFramework client(ZooKeeperProcess zooKeeper) {
    return ZooKeeperClients.of(
        new ZooKeeperEnsemble(List.of(new HostAndPort("127.0.0.1", zooKeeper.port())), ""));
  }

  private static void write(CuratorFramework client, String path, String text) throws Exception {
    client.create().creatingParentsIfNeeded().forPath(path, text.getBytes(UTF_8));
  }
}
