package io.sparkappliance.spark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.spark.deploy.master.LeaderElectable;
import org.apache.spark.deploy.master.LeaderElectionAgent;
import org.apache.spark.rpc.RpcAddress;
import org.apache.zookeeper.CreateMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands for election with Curator's latch, at the place where stock Spark's masters do, and tells
 * the world who leads: {@code leader_election/current_master} holds the bare address, {@code
 * current_leader} beside that folder holds {@code host:port}. Both are ephemeral.
 */
final class LatchElection implements LeaderElectionAgent, LeaderLatchListener {
  private static final Logger LOG = LoggerFactory.getLogger(LatchElection.class);

  /** How often a master that leads is asked whether it has recovered, and its heir whether. */
  private static final Duration LOOK = Duration.ofMillis(20);

  /**
   * How long one that hands over stays for its heir to tell all workers and drivers: they should
   * not lose the one before they know the other.
   */
  private static final Duration LONGEST_STAY = Duration.ofSeconds(3);

  private final StandaloneMaster master;
  private final ZooKeeperSession session;
  private final RecoverySettings settings;
  private final Leadership leadership;
  private final String host;
  private final int port;
  private final LeaderLatch latch;
  private final Runnable beforeLeading;
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("leader-election").factory());

  /**
   * Prepares it; nothing happens before {@link #start}.
   *
   * @param beforeLeading what to do when this master is elected, before it is told; may take a
   *     second, and throw when it can't be done: then leadership is lost
   * @param address where the master listens
   */
  LatchElection(
      StandaloneMaster master,
      ZooKeeperSession session,
      RecoverySettings settings,
      Leadership leadership,
      Runnable beforeLeading,
      RpcAddress address) {
    this.master = master;
    this.beforeLeading = beforeLeading;
    this.session = session;
    this.settings = settings;
    this.leadership = leadership;
    this.host = address.host();
    this.port = address.port();
    this.latch = new LeaderLatch(session.client(), settings.election(), host + ":" + port);
  }

  /** Stands for election from now on, also when the ensemble is not there yet. */
  void start() {
    leadership.whenLost(
        () -> {
          master.stepDown();
          master.revokedLeadership();
        });
    master.asks(session::isSilent);
    latch.addListener(this);
    try {
      latch.start();
    } catch (Exception neverStarted) {
      throw new IllegalStateException("can't stand for election", neverStarted);
    }
  }

  @Override
  public LeaderElectable masterInstance() {
    return master;
  }

  @Override
  public void isLeader() {
    String proof = latch.getLastPathIsLeader();
    LOG.info("elected: {}", proof);
    // Not here: this thread also brings the news that leadership is lost.
    worker.execute(() -> lead(proof));
  }

  private void lead(String proof) {
    try {
      session.ask();
      leadership.won(proof);
      if (!latch.hasLeadership() || !proof.equals(latch.getLastPathIsLeader())) {
        // The news that it is lost came before.
        leadership.lost();
        return;
      }
      session.claim(settings.directory());
      beforeLeading.run();
      if (leadership.proof().equals(Optional.of(proof))) {
        master.electedLeader();
        publish(proof);
      }
    } catch (Throwable cannot) {
      // Of any kind: Scala throws what it does not declare. One that is elected and does nothing
      // would block all others, so it ends.
      LOG.error("can't lead", cannot);
      leadership.lost();
      master.revokedLeadership();
    }
  }

  @Override
  public void notLeader() {
    LOG.warn("leads no more");
    leadership.lost();
  }

  /**
   * As soon as it has taken over. Workers and drivers learn it from the master itself; who asks
   * ZooKeeper, and a forerunner that waits to end, from here.
   */
  private void publish(String proof) {
    if (!leadership.proof().equals(Optional.of(proof))) {
      return;
    }
    if (!master.isAlive()) {
      var _ = worker.schedule(() -> publish(proof), LOOK.toMillis(), TimeUnit.MILLISECONDS);
      return;
    }
    try {
      put(settings.election() + "/current_master", host, proof);
      put(settings.directory() + "/current_leader", host + ":" + port, proof);
    } catch (Exception unpublished) {
      LOG.warn("can't publish who leads; tries again", unpublished);
      var _ = worker.schedule(() -> publish(proof), 1, TimeUnit.SECONDS);
    }
  }

  /** Only as long as this master leads; a forerunner's entry is replaced. */
  private void put(String path, String text, String proof) throws Exception {
    CuratorFramework client = session.client();
    List<CuratorOp> operations = new ArrayList<>();
    operations.add(client.transactionOp().check().forPath(proof));
    if (client.checkExists().forPath(path) != null) {
      operations.add(client.transactionOp().delete().forPath(path));
    }
    operations.add(
        client
            .transactionOp()
            .create()
            .withMode(CreateMode.EPHEMERAL)
            .forPath(path, text.getBytes(UTF_8)));
    client.transaction().forOperations(operations);
  }

  /** Hands over. */
  @Override
  public void stop() {
    boolean led = leadership.proof().isPresent();
    // Not its end: it answers as a standby until its heir has told everybody.
    leadership.whenLost(master::stepDown);
    leadership.lost();
    worker.shutdownNow();
    try {
      latch.close(LeaderLatch.CloseMode.SILENT);
    } catch (IOException | IllegalStateException closedBefore) {
      LOG.debug("the latch was closed before", closedBefore);
    }
    if (led) {
      stay();
    }
    session.close();
  }

  private void stay() {
    Thread waiting = Thread.ofPlatform().daemon().name("waits for the heir").start(this::awaitHeir);
    try {
      waiting.join(LONGEST_STAY);
    } catch (InterruptedException told) {
      Thread.currentThread().interrupt();
    }
    waiting.interrupt();
  }

  private void awaitHeir() {
    CuratorFramework client = session.client();
    String leader = settings.directory() + "/current_leader";
    String own = host + ":" + port;
    try {
      boolean heirs =
          client.getChildren().forPath(settings.election()).stream()
              .anyMatch(child -> child.contains("latch-"));
      while (heirs && !Thread.currentThread().isInterrupted()) {
        if (client.checkExists().forPath(leader) != null
            && !own.equals(new String(client.getData().forPath(leader), UTF_8))) {
          return;
        }
        LockSupport.parkNanos(LOOK.toNanos());
      }
    } catch (Exception away) {
      // Then the end of the session hands over.
      LOG.debug("no ensemble tells who follows", away);
    }
  }
}
