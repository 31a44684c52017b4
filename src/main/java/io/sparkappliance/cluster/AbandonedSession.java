package io.sparkappliance.cluster;

import io.sparkappliance.auth.ZooKeeperChannel;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ConnectStringParser;
import org.apache.zookeeper.client.StaticHostProvider;
import org.apache.zookeeper.client.ZKClientConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ZooKeeper session of a process that died. What the session held, leadership above all, would
 * stay with it until the session times out; whoever has its id and password can end it at once.
 */
public final class AbandonedSession {
  private static final Logger LOG = LoggerFactory.getLogger(AbandonedSession.class);

  private AbandonedSession() {}

  /**
   * Ends the session that the dead process noted, if it still lives.
   *
   * @param ensemble where it lives
   * @param file what the process noted: id (decimal) and password (hexadecimal), separated by a
   *     space. It stays: the next process replaces it, and to end a session twice does no harm
   * @param patience how long to try
   * @return whether the session has ended for sure; false: it has to time out
   */
  public static boolean end(ZooKeeperEnsemble ensemble, Path file, Duration patience) {
    try {
      String[] words = Files.readString(file).strip().split(" ");
      long id = Long.parseLong(words[0]);
      return end(ensemble, id, HexFormat.of().parseHex(words[1]), patience);
    } catch (NoSuchFileException neverConnected) {
      return true;
    } catch (IOException | RuntimeException unreadable) {
      LOG.warn("can't end the ZooKeeper session of {}: it will time out", file, unreadable);
      return false;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static boolean end(
      ZooKeeperEnsemble ensemble, long id, byte[] password, Duration patience)
      throws IOException, InterruptedException {
    CountDownLatch known = new CountDownLatch(1);
    ZKClientConfig config = new ZooKeeperChannel(ensemble.tls()).clientConfig();
    ZooKeeper session =
        new ZooKeeper(
            ensemble.addresses(),
            (int) patience.toMillis(),
            event -> {
              if (event.getState() == KeeperState.SyncConnected
                  || event.getState() == KeeperState.Expired) {
                known.countDown();
              }
            },
            id,
            password,
            false,
            new StaticHostProvider(
                new ConnectStringParser(ensemble.addresses()).getServerAddresses()),
            config);
    try {
      return known.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      session.close((int) patience.toMillis());
    }
  }
}
