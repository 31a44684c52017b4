package io.sparkappliance.cluster;

import io.sparkappliance.auth.ZooKeeperChannel;
import io.sparkappliance.auth.ZooKeeperLogin;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.settings.ZooKeeperTls;
import java.io.IOException;
import java.net.Socket;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.apache.curator.ensemble.EnsembleProvider;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.SessionConnectionStateErrorPolicy;
import org.apache.curator.retry.BoundedExponentialBackoffRetry;

/** How the appliance's own processes connect to ZooKeeper. */
public final class ZooKeeperClients {
  private static final int SESSION_MS = 2_000;
  private static final int CONNECTION_MS = 2_000;
  private static final int FIRST_PAUSE_MS = 50;
  private static final int LONGEST_PAUSE_MS = 500;
  private static final int RETRIES = 3;

  private ZooKeeperClients() {}

  /**
   * A client that is not started yet. A short disconnection takes nothing from it: what it holds,
   * it holds until its session ends: two seconds, or what the ensemble grants at least.
   */
  public static CuratorFramework of(ZooKeeperEnsemble ensemble) {
    return of(CuratorFrameworkFactory.builder().connectString(ensemble.addresses()), ensemble);
  }

  /**
   * The same for an ensemble whose servers may be replaced. Who is connected stays so; whoever
   * loses its server goes on with those that are known by then.
   *
   * @param ensemble what is known now; may change in nothing but the servers
   */
  public static CuratorFramework following(Supplier<ZooKeeperEnsemble> ensemble) {
    return of(
        CuratorFrameworkFactory.builder().ensembleProvider(new Followed(ensemble)), ensemble.get());
  }

  private static CuratorFramework of(
      CuratorFrameworkFactory.Builder builder, ZooKeeperEnsemble ensemble) {
    builder
        .zkClientConfig(new ZooKeeperChannel(ensemble.tls()).clientConfig())
        // Unlike a path in the connect string, it is made where it is missing.
        .namespace(ensemble.namespace())
        .sessionTimeoutMs(SESSION_MS)
        .connectionTimeoutMs(CONNECTION_MS)
        .retryPolicy(new BoundedExponentialBackoffRetry(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, RETRIES))
        .connectionStateErrorPolicy(new SessionConnectionStateErrorPolicy());
    ensemble.login().ifPresent(login -> new ZooKeeperLogin(login.reveal()).applyTo(builder));
    return builder.build();
  }

  /** Asked by Curator at each event of a connection. The servers themselves may know better. */
  private static final class Followed implements EnsembleProvider {
    private final Supplier<ZooKeeperEnsemble> ensemble;
    private String supplied = "";
    private String servers = "";

    Followed(Supplier<ZooKeeperEnsemble> ensemble) {
      this.ensemble = ensemble;
    }

    @Override
    public void start() {
      // Somebody else follows.
    }

    @Override
    public synchronized String getConnectionString() {
      String now = ensemble.get().addresses();
      if (!now.equals(supplied)) {
        supplied = now;
        servers = now;
      }
      return servers;
    }

    @Override
    public synchronized void setConnectionString(String told) {
      servers = told;
    }

    @Override
    public boolean updateServerListEnabled() {
      return true;
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  /**
   * A socket for questions to this node's own server, by its address: whose name is in the
   * certificate does not matter.
   *
   * @throws IOException when keys or certificates can't be read
   */
  public static Socket socket(Optional<ZooKeeperTls> tls) throws IOException {
    Optional<SSLContext> context = new ZooKeeperChannel(tls).context();
    return context.isPresent() ? context.get().getSocketFactory().createSocket() : new Socket();
  }
}
