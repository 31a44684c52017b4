package io.sparkappliance.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.testing.ZooKeeperProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.curator.framework.CuratorFramework;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZooKeeperClientsTest {
  @Test
  void aClientThatLosesItsServerGoesOnWithOneThatIsKnownByThen(@TempDir Path directory)
      throws Exception {
    try (ZooKeeperProcess first = ZooKeeperProcess.start(made(directory.resolve("1")));
        ZooKeeperProcess second = ZooKeeperProcess.start(made(directory.resolve("2")))) {
      AtomicReference<ZooKeeperEnsemble> known = new AtomicReference<>(of(first));
      try (CuratorFramework client = ZooKeeperClients.following(known::get);
          CuratorFramework other = ZooKeeperClients.of(of(second))) {
        client.start();
        other.start();
        assertThat(client.blockUntilConnected(60, TimeUnit.SECONDS)).isTrue();
        assertThat(other.blockUntilConnected(60, TimeUnit.SECONDS)).isTrue();
        other.create().forPath("/here", "second".getBytes(UTF_8));
        assertThat(client.checkExists().forPath("/here")).isNull();

        known.set(of(second));
        first.stop();

        await()
            .atMost(Duration.ofSeconds(60))
            .ignoreExceptions()
            .until(() -> client.checkExists().forPath("/here") != null);
      }
    }
  }

  private static Path made(Path directory) throws Exception {
    return Files.createDirectories(directory);
  }

  private static ZooKeeperEnsemble of(ZooKeeperProcess server) {
    return new ZooKeeperEnsemble(List.of(new HostAndPort("127.0.0.1", server.port())), "");
  }
}
