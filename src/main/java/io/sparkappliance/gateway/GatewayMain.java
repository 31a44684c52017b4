package io.sparkappliance.gateway;

import io.sparkappliance.cluster.ClusterSurvey;
import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.MasterClient;
import io.sparkappliance.cluster.Members;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.cluster.StaticClusterView;
import io.sparkappliance.cluster.ZooKeeperClients;
import io.sparkappliance.cluster.ZooKeeperClusterView;
import io.sparkappliance.jobs.Jobs;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.EnvironmentProxies;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The gateway as a process: from its settings to SIGTERM. */
public final class GatewayMain {
  private static final Logger LOG = LoggerFactory.getLogger(GatewayMain.class);
  private static final int FAILED = 1;
  private static final int STOP_SECONDS = 30;

  private GatewayMain() {}

  /**
   * Serves until the process is told to end. Then the server stops listening, running jobs are
   * ended and marked as interrupted.
   *
   * @param settings the node's settings
   * @param own address under which others reach this node
   * @param credentials the node's secrets
   * @param environment of this process, of which jobs see what they may
   * @return exit code: 1 when it could not start, or another gateway has taken over its jobs
   */
  public static int run(
      Settings settings, String own, Credentials credentials, Map<String, String> environment) {
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    // The process ends when its hooks do: hold on until everything is closed.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(end, closed), "stop"));
    try {
      return serve(settings, own, credentials, environment, end);
    } catch (IOException | RuntimeException trouble) {
      LOG.error("gateway could not start", trouble);
      return FAILED;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return FAILED;
    } finally {
      closed.countDown();
    }
  }

  private static int serve(
      Settings settings,
      String own,
      Credentials credentials,
      Map<String, String> environment,
      CountDownLatch end)
      throws IOException, InterruptedException {
    ClusterView cluster = clusterView(settings, own);
    AtomicBoolean takenForDead = new AtomicBoolean();
    Runnable giveUp =
        () -> {
          takenForDead.set(true);
          end.countDown();
        };
    try (Jobs jobs = Jobs.open(settings, credentials, cluster, hostname(), environment, giveUp);
        GatewayServer server =
            new GatewayServer(
                settings,
                credentials,
                jobs,
                cluster,
                survey(settings, own),
                () -> historyServers(settings, own),
                new EnvironmentProxies(environment))) {
      server.start(bindAddress(own), settings.network().ports().gateway());
      LOG.info("gateway listens on port {}", server.port());
      end.await();
      LOG.info("gateway stops");
      return takenForDead.get() ? FAILED : 0;
    }
  }

  private static void stop(CountDownLatch end, CountDownLatch closed) {
    end.countDown();
    try {
      if (!closed.await(STOP_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("gateway did not stop within {} seconds", STOP_SECONDS);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static Members masters(Settings settings, String own) {
    boolean onlyHere = settings.runs(Role.MASTER) && !settings.cluster().namesMasters();
    return onlyHere && settings.cluster().zooKeeper().isEmpty()
        ? Members.named(List.of(new HostAndPort(own, settings.network().ports().master())))
        : Members.ofMasters(settings);
  }

  private static MasterClient masterClient(Settings settings) {
    return new MasterClient(SparkPages.client(settings.access().ssl()));
  }

  private static ClusterSurvey survey(Settings settings, String own) {
    return new ClusterSurvey(
        masters(settings, own), settings.network().ports().masterUi(), masterClient(settings));
  }

  /** What this node's settings say of the cluster. */
  static ClusterView clusterView(Settings settings, String own) {
    Settings.Ports ports = settings.network().ports();
    Members masters = masters(settings, own);
    ClusterView nodes =
        new StaticClusterView(
            masters,
            ports.masterUi(),
            () ->
                settings
                    .gateway()
                    .thriftServer()
                    .map(List::of)
                    .orElseGet(() -> on(masters, settings, own, Role.THRIFTSERVER, ports.thrift())),
            () -> on(masters, settings, own, Role.CONNECT, ports.connect()),
            masterClient(settings));
    // A thrift server that is named is meant, whatever others there are.
    return settings
        .cluster()
        .zooKeeper()
        .filter(ensemble -> settings.gateway().thriftServer().isEmpty())
        .<ClusterView>map(
            ensemble -> new ZooKeeperClusterView(ZooKeeperClients.of(ensemble), nodes))
        .orElse(nodes);
  }

  private static List<HostAndPort> historyServers(Settings settings, String own) {
    return on(
        masters(settings, own),
        settings,
        own,
        Role.HISTORYSERVER,
        settings.network().ports().history());
  }

  /** Here if the role runs here, and wherever a master is if it can be one node's turn. */
  private static List<HostAndPort> on(
      Members masters, Settings settings, String own, Role role, int port) {
    boolean here = settings.runs(role);
    boolean elsewhere = !here || settings.cluster().zooKeeper().isPresent();
    return Stream.concat(
            here ? Stream.of(own) : Stream.empty(),
            elsewhere ? masters.now().stream().map(HostAndPort::host) : Stream.empty())
        .distinct()
        .map(host -> new HostAndPort(host, port))
        .toList();
  }

  /** Where nobody else is meant to reach the node, nobody else can. */
  private static Optional<String> bindAddress(String own) throws UnknownHostException {
    return InetAddress.getByName(own).isLoopbackAddress() ? Optional.of(own) : Optional.empty();
  }

  private static String hostname() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException nameless) {
      return "localhost";
    }
  }
}
