package io.sparkappliance.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.testing.ZooKeeperProcess;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a real ZooKeeper; what serves is a socket that takes connections. */
class ServiceTurnTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  @TempDir Path directory;

  private ZooKeeperProcess zooKeeper;
  private CuratorFramework observer;
  private Node first;
  private Node second;

  /** A node and the port of its service. */
  private record Node(ServiceTurn turn, CuratorFramework client, ServerSocket service) {
    boolean isItsTurn() {
      return turn.missing().isEmpty();
    }

    String address() {
      return "127.0.0.1:" + service.getLocalPort();
    }

    void end() throws Exception {
      turn.close();
      service.close();
    }
  }

  @BeforeEach
  void start() throws Exception {
    zooKeeper = ZooKeeperProcess.start(directory);
    observer = client();
    observer.start();
    first = node();
    first.turn.start();
    await().atMost(PATIENCE).until(first::isItsTurn);
    second = node();
    second.turn.start();
  }

  @AfterEach
  void end() throws Exception {
    first.end();
    second.end();
    observer.close();
    zooKeeper.close();
  }

  @Test
  void theNextOneFollowsWhenANodeEnds() throws Exception {
    first.turn.serves();
    await().atMost(PATIENCE).until(() -> announced().equals(List.of(first.address())));
    Turn.Missing standsBy =
        new Turn.Missing("stands by: it is the turn of " + first.address(), true);
    await().atMost(PATIENCE).until(() -> second.turn.missing().equals(Optional.of(standsBy)));
    assertThat(first.turn.lost()).isEmpty();

    first.turn.leave();
    assertThat(announced()).as("clients are sent away first").isEmpty();
    assertThat(second.isItsTurn()).isFalse();

    first.end();
    await().atMost(PATIENCE).until(second::isItsTurn);
    second.turn.serves();
    await().atMost(PATIENCE).until(() -> announced().equals(List.of(second.address())));
  }

  @Test
  void whoPassesItsTurnStaysOutWhileItsNodeGoesOn() throws Exception {
    first.turn.serves();
    await().atMost(PATIENCE).until(() -> announced().equals(List.of(first.address())));
    first.turn.leave();
    first.service.close();
    first.turn.pass();

    await().atMost(PATIENCE).until(second::isItsTurn);
    second.service.close();
    second.turn.pass();
    await()
        .atMost(PATIENCE)
        .until(() -> observer.getChildren().forPath("/spark/sql/latch").isEmpty());
    // Longer than it takes to notice that a latch is missing.
    await().pollDelay(Duration.ofSeconds(11)).atMost(PATIENCE).until(() -> true);
    assertThat(observer.getChildren().forPath("/spark/sql/latch")).isEmpty();
  }

  @Test
  void clientsAreToldNoMoreWhileItDoesNotWork() throws Exception {
    first.turn.serves();
    await().atMost(PATIENCE).until(() -> announced().size() == 1);
    first.turn.ceases();
    await().atMost(PATIENCE).until(() -> announced().isEmpty());
    assertThat(first.isItsTurn()).isTrue();
    first.turn.serves();
    await().atMost(PATIENCE).until(() -> announced().size() == 1);
  }

  @Test
  void whoServesKeepsItsTurnAlthoughItsSessionWasLost() throws Exception {
    first.turn.serves();
    await().atMost(PATIENCE).until(() -> announced().size() == 1);

    endSessionOfTheFirst();

    await().atMost(PATIENCE).until(() -> announced().equals(List.of(first.address())));
    await().atMost(PATIENCE).until(first::isItsTurn);
    assertThat(second.isItsTurn()).isFalse();
  }

  @Test
  void withoutZooKeeperWhoStandsBySaysSoAndWhoHasItsTurnKeepsIt() throws Exception {
    first.turn.serves();
    await().atMost(PATIENCE).until(() -> announced().size() == 1);
    // Longer than a session: the client gives it up, the server has not when it comes back.
    CountDownLatch gaveUp = new CountDownLatch(1);
    first
        .client
        .getConnectionStateListenable()
        .addListener(
            (ignored, state) -> {
              if (state == ConnectionState.LOST) {
                gaveUp.countDown();
              }
            });
    zooKeeper.stop();
    Turn.Missing waits = new Turn.Missing("waits: ZooKeeper does not answer", false);
    await().atMost(PATIENCE).until(() -> second.turn.missing().equals(Optional.of(waits)));
    assertThat(gaveUp.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    zooKeeper.startAgain();
    await().atMost(PATIENCE).until(first::isItsTurn);
    await().atMost(PATIENCE).until(() -> announced().equals(List.of(first.address())));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(owners())
                    .as("not what an earlier session left")
                    .containsExactly(
                        first.client.getZookeeperClient().getZooKeeper().getSessionId()));
    assertThat(second.isItsTurn()).isFalse();
  }

  @Test
  void whoDoesNotTakeConnectionsLosesItsTurnWithItsSession() throws Exception {
    await("both have applied")
        .atMost(PATIENCE)
        .until(() -> observer.getChildren().forPath("/spark/sql/latch").size() == 2);
    first.service.close();
    endSessionOfTheFirst();

    await().atMost(PATIENCE).until(second::isItsTurn);
    await()
        .atMost(PATIENCE)
        .until(
            () -> first.turn.lost().equals(Optional.of("it is the turn of " + second.address())));
    assertThat(first.isItsTurn()).isFalse();
    first.turn.serves();
    second.turn.serves();
    await().atMost(PATIENCE).until(() -> announced().equals(List.of(second.address())));
  }

  private void endSessionOfTheFirst() throws Exception {
    ZooKeeper session = first.client.getZookeeperClient().getZooKeeper();
    Path note =
        Files.writeString(
            directory.resolve("session"),
            session.getSessionId() + " " + HexFormat.of().formatHex(session.getSessionPasswd()));
    assertThat(AbandonedSession.end(ensemble(), note, PATIENCE)).isTrue();
  }

  private ZooKeeperEnsemble ensemble() {
    return new ZooKeeperEnsemble(List.of(new HostAndPort("127.0.0.1", zooKeeper.port())), "");
  }

  private List<Long> owners() throws Exception {
    List<Long> owners = new ArrayList<>();
    for (String name : observer.getChildren().forPath("/servers")) {
      owners.add(observer.checkExists().forPath("/servers/" + name).getEphemeralOwner());
    }
    return owners;
  }

  private Node node() throws Exception {
    ServerSocket service = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    HostAndPort own = new HostAndPort("127.0.0.1", service.getLocalPort());
    CuratorFramework client = client();
    return new Node(
        new ServiceTurn(
            client,
            Optional.empty(),
            "/spark/sql",
            own,
            Map.of("/servers/server-", own.toString()),
            "/spark/current_leader",
            Optional.empty()),
        client,
        service);
  }

  private CuratorFramework client() {
    return ZooKeeperClients.of(ensemble());
  }

  private List<String> announced() throws Exception {
    try {
      List<String> names = observer.getChildren().forPath("/servers");
      List<String> contents = new ArrayList<>();
      for (String name : names) {
        contents.add(new String(observer.getData().forPath("/servers/" + name), UTF_8));
      }
      return contents;
    } catch (KeeperException.NoNodeException | KeeperException.ConnectionLossException notNow) {
      return List.of();
    }
  }
}
