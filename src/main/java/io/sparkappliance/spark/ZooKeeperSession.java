package io.sparkappliance.spark;

import io.sparkappliance.auth.SecretFile;
import io.sparkappliance.auth.ZooKeeperLogin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.framework.state.SessionConnectionStateErrorPolicy;
import org.apache.curator.retry.BoundedExponentialBackoffRetry;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A master's session with the ensemble: election and state share it, and end with it. It is the
 * ensemble that ends a session, and no sooner than a session's time after it last heard of the
 * client. So the client asks something several times a session, and counts from when it asked what
 * was last answered: a leader that stops after less than that time has stopped before another can
 * be elected. Curator counts from the moment a connection breaks, which a silent network delays by
 * two thirds of a session; and a client whose server ends in order may need a second to reach
 * another, which deposes nobody here.
 */
final class ZooKeeperSession implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperSession.class);

  private static final int FIRST_PAUSE_MS = 20;
  private static final int LONGEST_PAUSE_MS = 200;
  private static final int RETRIES = 5;

  private static final Duration PULSE = Duration.ofMillis(200);

  /** Percentage of a session without an answer after which a leader stops; a pulse comes on top. */
  private static final int SILENCE_PERCENT = 80;

  private final CuratorFramework client;
  private final RecoverySettings settings;
  private final Optional<ZooKeeperLogin> login;
  private final ScheduledExecutorService pulse =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("zookeeper-pulse").factory());

  /** When that was asked which was last answered. */
  private final AtomicLong answered = new AtomicLong(System.nanoTime());

  private volatile Runnable whenSilent = () -> {};

  private ZooKeeperSession(
      CuratorFramework client, RecoverySettings settings, Optional<ZooKeeperLogin> login) {
    this.client = client;
    this.settings = settings;
    this.login = login;
  }

  /** Starts to connect, and returns at once: a master may come before its ensemble. */
  static ZooKeeperSession open(RecoverySettings settings) {
    CuratorFrameworkFactory.Builder builder =
        CuratorFrameworkFactory.builder()
            .connectString(settings.servers())
            .zkClientConfig(settings.channel().clientConfig())
            // Unlike a path in the connect string, it is made where it is missing.
            .namespace(settings.namespace())
            .sessionTimeoutMs((int) settings.session().toMillis())
            .connectionTimeoutMs((int) settings.connection().toMillis())
            // Short: a write that takes longer than a session is no leader's write any more.
            .retryPolicy(
                new BoundedExponentialBackoffRetry(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, RETRIES))
            // A short disconnection does not depose a leader, the end of the session does.
            .connectionStateErrorPolicy(new SessionConnectionStateErrorPolicy());
    Optional<ZooKeeperLogin> login = settings.loginFile().map(ZooKeeperSession::login);
    login.ifPresent(it -> it.applyTo(builder));
    CuratorFramework client = builder.build();
    ZooKeeperSession session = new ZooKeeperSession(client, settings, login);
    client.getConnectionStateListenable().addListener((ignored, state) -> session.note(state));
    client.start();
    var _ =
        session.pulse.scheduleAtFixedRate(
            session::beat, 0, PULSE.toMillis(), TimeUnit.MILLISECONDS);
    return session;
  }

  private static ZooKeeperLogin login(Path file) {
    try {
      return new SecretFile(file)
          .read()
          .map(ZooKeeperLogin::new)
          .orElseThrow(() -> new IllegalStateException("no login at ZooKeeper in " + file));
    } catch (IOException unreadable) {
      throw new UncheckedIOException("can't read the login at ZooKeeper", unreadable);
    }
  }

  /** Closes what was there before there was a login. */
  void claim(String path) throws Exception {
    if (login.isPresent()) {
      login.get().claim(client, path);
    }
  }

  /**
   * What to do when so little of the session is left that a leader has to stop. Said repeatedly.
   */
  void whenSilent(Runnable action) {
    whenSilent = action;
  }

  /**
   * Asks the ensemble, and returns when it has answered: before somebody leads. After a time
   * without an ensemble the last answer is an old one.
   */
  void ask() throws Exception {
    long now = System.nanoTime();
    client.checkExists().forPath("/");
    answered.accumulateAndGet(now, Math::max);
  }

  private void beat() {
    long now = System.nanoTime();
    try {
      if (isSilent()) {
        whenSilent.run();
      }
      if (client.getZookeeperClient().isConnected()) {
        client
            .checkExists()
            .inBackground(
                (ignored, event) -> {
                  if (event.getResultCode() == KeeperException.Code.OK.intValue()) {
                    answered.accumulateAndGet(now, Math::max);
                  }
                })
            .forPath("/");
      }
    } catch (Exception away) {
      LOG.debug("no pulse", away);
    }
  }

  /** Whether so little of the session is left that a leader has to stop. */
  boolean isSilent() {
    return System.nanoTime() - answered.get() > longestSilence().toNanos();
  }

  private Duration longestSilence() {
    int granted = client.getZookeeperClient().getLastNegotiatedSessionTimeoutMs();
    long session = granted > 0 ? granted : settings.session().toMillis();
    return Duration.ofMillis(session * SILENCE_PERCENT / 100);
  }

  CuratorFramework client() {
    return client;
  }

  private void note(ConnectionState state) {
    LOG.info("ZooKeeper {}: {}", settings.servers(), state);
    if (state != ConnectionState.CONNECTED && state != ConnectionState.RECONNECTED) {
      return;
    }
    try {
      ZooKeeper current = client.getZookeeperClient().getZooKeeper();
      LOG.info("the ensemble grants a session of {} ms", current.getSessionTimeout());
      if (settings.sessionFile().isPresent()) {
        write(settings.sessionFile().get(), current);
      }
      checkLogin();
    } catch (Exception unwritable) {
      LOG.warn("can't note the session: a crash of this master is noticed later", unwritable);
    }
  }

  /** ZooKeeper takes any login, and refuses later, where the nodes are another's. */
  private void checkLogin() throws Exception {
    client
        .getChildren()
        .inBackground(
            (ignored, event) -> {
              if (event.getResultCode() == KeeperException.Code.NOAUTH.intValue()) {
                LOG.error(
                    "ZooKeeper refuses this master: {} was made with another login."
                        + " ZOOKEEPER_AUTH must be the same on every node.",
                    settings.state());
              }
            })
        .forPath(settings.state());
  }

  /** Whoever knows it can act for this master: the file is its owner's only. */
  private static void write(Path file, ZooKeeper session) throws IOException {
    new SecretFile(file)
        .write(session.getSessionId() + " " + HexFormat.of().formatHex(session.getSessionPasswd()));
  }

  /** Ends the session, and with it whatever the master held. */
  @Override
  public void close() {
    pulse.shutdownNow();
    client.close();
  }
}
