package io.sparkappliance.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkappliance.auth.ZooKeeperLogin;
import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.TransactionOp;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.utils.ZKPaths;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service that one of several nodes runs: whose turn it is, and where clients find it. Who gets
 * Curator's latch asks whether the holder before still takes connections, and leaves the turn to it
 * if so: a service that works goes on while ZooKeeper is away. Otherwise it writes its name where
 * the last holder's was, as long as the latch is its own; a holder that finds another name there
 * has lost the turn.
 */
public final class ServiceTurn implements Turn {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceTurn.class);
  private static final Duration HEAD_START = Duration.ofSeconds(5);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration REVIEW = Duration.ofSeconds(5);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration LEAVING = Duration.ofSeconds(3);

  private final CuratorFramework client;
  private final Optional<ZooKeeperLogin> login;
  private final String directory;
  private final HostAndPort own;
  private final Map<String, String> entries;
  private final String currentLeader;
  private final Optional<HostAndPort> ownMaster;
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("turn").factory());
  private final CuratorCache lastHolder;

  /** Paths of what clients read, by entry. */
  private final Map<String, String> published = new LinkedHashMap<>();

  private LeaderLatch latch;
  private boolean serving;
  private boolean passed;

  /** How many looks in a row found that the latch does not know its place. */
  private int neglected;

  private volatile boolean ours;
  private volatile String holder = "";

  /**
   * Prepares it; nothing happens before {@link #start}.
   *
   * @param client connects to ZooKeeper, and belongs to this object
   * @param login with which it does; empty: without one
   * @param directory where the latch lives, and beside it the name of the last holder
   * @param own where the service listens here
   * @param entries what clients read: by the prefix of a node's path, which gets a sequence number,
   *     its content
   * @param currentLeader where the leading master says its {@code host:port}
   * @param ownMaster the master of this node, if it has one: where the leader is the service is
   *     preferred, so that others hold back for some seconds at their start
   */
  public ServiceTurn(
      CuratorFramework client,
      Optional<ZooKeeperLogin> login,
      String directory,
      HostAndPort own,
      Map<String, String> entries,
      String currentLeader,
      Optional<HostAndPort> ownMaster) {
    this.client = client;
    this.login = login;
    this.directory = directory;
    this.own = own;
    this.entries = new LinkedHashMap<>(entries);
    this.currentLeader = currentLeader;
    this.ownMaster = ownMaster;
    this.lastHolder =
        CuratorCache.build(client, lastPath(), CuratorCache.Options.SINGLE_NODE_CACHE);
  }

  /** Applies for the turn from now on, also when ZooKeeper is not there yet. */
  public void start() {
    client
        .getConnectionStateListenable()
        .addListener(
            (ignored, state) -> {
              if (state == ConnectionState.RECONNECTED) {
                // What another session held is gone, or will be.
                soon(this::publish);
              }
            });
    client.start();
    lastHolder.listenable().addListener((type, before, now) -> note(now));
    lastHolder.start();
    long deadline = System.nanoTime() + HEAD_START.toNanos();
    soon(() -> applyWhenItIsTime(deadline));
    later(this::review, REVIEW);
  }

  /**
   * Curator's latch asks in the background, and where such a request fails it waits for a change
   * that may never come. So it is looked at from time to time: one that is not in the queue, or
   * first and does not know it, twice in a row, is replaced.
   */
  private void review() {
    if (passed) {
      return;
    }
    try {
      neglected = latch == null || isNeglected(latch) ? neglected + 1 : 0;
      if (neglected > 1) {
        LOG.warn("the latch of {} did not notice its place: applies anew", directory);
        neglected = 0;
        resign();
        apply();
      }
    } catch (Exception away) {
      LOG.debug("can't look at the latch", away);
    }
    later(this::review, REVIEW);
  }

  private boolean isNeglected(LeaderLatch mine) throws Exception {
    if (mine.hasLeadership()) {
      return false;
    }
    String path = mine.getOurPath();
    // As the latch sorts them: by the number at the end.
    Optional<String> first =
        client.getChildren().forPath(directory + "/latch").stream()
            .min(Comparator.comparing(name -> name.substring(name.lastIndexOf('-') + 1)));
    return path == null
        || client.checkExists().forPath(path) == null
        || first.filter(ZKPaths.getNodeFromPath(path)::equals).isPresent();
  }

  /** One leader, one node that serves: better if they are the same. */
  private void applyWhenItIsTime(long deadline) {
    if (leadsHere() || System.nanoTime() >= deadline) {
      apply();
    } else {
      later(() -> applyWhenItIsTime(deadline), LOOK);
    }
  }

  private boolean leadsHere() {
    try {
      byte[] leader = client.getData().forPath(currentLeader);
      return ownMaster
          .map(HostAndPort::toString)
          .filter(new String(leader, UTF_8)::equals)
          .isPresent();
    } catch (Exception notElectedYet) {
      return false;
    }
  }

  private void apply() {
    if (latch != null || passed) {
      return;
    }
    LeaderLatch fresh = new LeaderLatch(client, directory + "/latch", own.toString());
    fresh.addListener(
        new LeaderLatchListener() {
          @Override
          public void isLeader() {
            soon(() -> take(fresh));
          }

          @Override
          public void notLeader() {
            ours = false;
          }
        });
    latch = fresh;
    try {
      fresh.start();
    } catch (Exception neverStarted) {
      throw new IllegalStateException("can't apply for a turn", neverStarted);
    }
  }

  private void take(LeaderLatch won) {
    if (!won.equals(latch) || !won.hasLeadership()) {
      return;
    }
    try {
      String proof = won.getLastPathIsLeader();
      Optional<HostAndPort> last = readLastHolder();
      if (last.isPresent() && !last.get().equals(own) && Endpoint.accepts(last.get(), PATIENCE)) {
        LOG.info("{} still serves: leaves the turn to it", last.get());
        resign();
        later(this::apply, RETRY.multipliedBy(2));
        return;
      }
      writeLastHolder(proof);
      // Lost meanwhile, and perhaps won again: then there is another call.
      ours = won.hasLeadership() && proof.equals(won.getLastPathIsLeader());
    } catch (Exception away) {
      LOG.info("can't take the turn; tries again: {}", away.toString());
      later(() -> take(won), RETRY);
    }
  }

  private String lastPath() {
    return directory + "/last";
  }

  private Optional<HostAndPort> readLastHolder() throws Exception {
    try {
      return HostAndPort.parse(new String(client.getData().forPath(lastPath()), UTF_8));
    } catch (KeeperException.NoNodeException nobodyYet) {
      return Optional.empty();
    }
  }

  /** Only as long as the latch is ours. */
  private void writeLastHolder(String proof) throws Exception {
    byte[] name = own.toString().getBytes(UTF_8);
    TransactionOp operations = client.transactionOp();
    client
        .transaction()
        .forOperations(
            operations.check().forPath(proof),
            client.checkExists().forPath(lastPath()) == null
                ? operations.create().forPath(lastPath(), name)
                : operations.setData().forPath(lastPath(), name));
  }

  private void note(ChildData last) {
    holder = last == null ? "" : new String(last.getData(), UTF_8);
    // One that serves may have heard of its own turn before this did.
    soon(isAnothers() ? this::withdrawUntilItIsDone : this::publish);
  }

  private boolean isAnothers() {
    return !holder.isEmpty() && !holder.equals(own.toString());
  }

  @Override
  public Optional<Missing> missing() {
    if (ours) {
      return Optional.empty();
    }
    if (!client.getZookeeperClient().isConnected()) {
      return Optional.of(new Missing("waits: ZooKeeper does not answer", false));
    }
    return Optional.of(
        isAnothers()
            ? new Missing("stands by: it is the turn of " + holder, true)
            : new Missing("waits: whose turn it is is being decided", false));
  }

  @Override
  public Optional<String> lost() {
    return isAnothers() ? Optional.of("it is the turn of " + holder) : Optional.empty();
  }

  @Override
  public void serves() {
    soon(
        () -> {
          serving = true;
          publish();
        });
  }

  /** What is there by this session stays; what an earlier one left is replaced, before it goes. */
  private void publish() {
    if (!serving || isAnothers()) {
      return;
    }
    try {
      for (Map.Entry<String, String> entry : entries.entrySet()) {
        if (!isOfThisSession(published.getOrDefault(entry.getKey(), ""))) {
          publish(entry.getKey(), entry.getValue());
        }
      }
    } catch (Exception away) {
      LOG.info("can't tell clients where the service is; tries again: {}", away.toString());
      later(this::publish, RETRY);
    }
  }

  private void publish(String entry, String text) throws Exception {
    if (login.isPresent()) {
      login.get().claim(client, ZKPaths.getPathAndNode(entry).getPath());
    }
    withdraw(entry);
    // Noted before: the answer may be lost.
    published.put(entry, "");
    published.put(
        entry,
        client
            .create()
            .creatingParentsIfNeeded()
            .withMode(CreateMode.EPHEMERAL_SEQUENTIAL)
            .forPath(entry, text.getBytes(UTF_8)));
  }

  /** Also what a request made whose answer was lost. */
  private void withdraw(String entry) throws Exception {
    delete(published.getOrDefault(entry, ""));
    ZKPaths.PathAndNode place = ZKPaths.getPathAndNode(entry);
    for (String name : namesIn(place.getPath())) {
      String path = place.getPath() + "/" + name;
      if (name.startsWith(place.getNode()) && isOfThisSession(path)) {
        delete(path);
      }
    }
    published.remove(entry);
  }

  private List<String> namesIn(String folder) throws Exception {
    try {
      return client.getChildren().forPath(folder);
    } catch (KeeperException.NoNodeException notMadeYet) {
      return List.of();
    }
  }

  private boolean isOfThisSession(String path) throws Exception {
    Stat stat = path.isEmpty() ? null : client.checkExists().forPath(path);
    return stat != null
        && stat.getEphemeralOwner() == client.getZookeeperClient().getZooKeeper().getSessionId();
  }

  private void delete(String path) throws Exception {
    if (!path.isEmpty()) {
      try {
        client.delete().forPath(path);
      } catch (KeeperException.NoNodeException gone) {
        LOG.debug("{} was gone", path);
      }
    }
  }

  @Override
  public void ceases() {
    soon(this::cease);
  }

  private void cease() {
    serving = false;
    withdrawUntilItIsDone();
  }

  private void withdrawUntilItIsDone() {
    if (serving && !isAnothers()) {
      return;
    }
    try {
      for (String entry : List.copyOf(published.keySet())) {
        withdraw(entry);
      }
    } catch (Exception away) {
      LOG.info("can't tell clients that the service is gone; tries again: {}", away.toString());
      later(this::withdrawUntilItIsDone, RETRY);
    }
  }

  @Override
  public void leave() {
    try {
      worker.submit(this::cease).get(LEAVING.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException | RejectedExecutionException away) {
      LOG.info("leaves without ZooKeeper: {}", away.toString());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void pass() {
    soon(
        () -> {
          passed = true;
          resign();
        });
  }

  /** Gives the turn back and disconnects: the service has ended. */
  public void close() {
    worker.shutdownNow();
    resign();
    lastHolder.close();
    client.close();
  }

  private void resign() {
    ours = false;
    LeaderLatch old = latch;
    latch = null;
    if (old != null) {
      try {
        old.close(LeaderLatch.CloseMode.SILENT);
      } catch (IOException | IllegalStateException closedBefore) {
        LOG.debug("the latch was closed before", closedBefore);
      }
    }
  }

  private void soon(Runnable task) {
    later(task, Duration.ZERO);
  }

  private void later(Runnable task, Duration pause) {
    try {
      var _ = worker.schedule(() -> guarded(task), pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      LOG.debug("closed", closed);
    }
  }

  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error fault) {
      LOG.error("an error of the appliance itself", fault);
    }
  }
}
