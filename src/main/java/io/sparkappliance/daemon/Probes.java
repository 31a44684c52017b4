package io.sparkappliance.daemon;

import io.sparkappliance.cluster.Endpoint;
import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.cluster.MasterClient;
import io.sparkappliance.cluster.MasterStatus;
import io.sparkappliance.cluster.Members;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.cluster.ZooKeeperClients;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MasterUrl;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.AuthMode;
import io.sparkappliance.sparkconf.NodeConfiguration;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** How each daemon is used once to find out whether it is ready. */
final class Probes {
  private static final Optional<String> READY = Optional.empty();
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  private final Settings settings;
  private final Members members;
  private final Credentials credentials;
  private final NodeConfiguration node;
  private final HttpClient http;

  /** For services that get a token: they are asked without TLS, and send nobody elsewhere. */
  private final HttpClient own;

  private final MasterClient masters;

  Probes(Settings settings, Credentials credentials, NodeConfiguration node, Members members) {
    this.settings = settings;
    this.members = members;
    this.credentials = credentials;
    this.node = node;
    this.http = SparkPages.client(settings.access().ssl());
    this.own = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build();
    this.masters = new MasterClient(http);
  }

  /** Ready when each of the parts is. */
  static Probe all(List<Probe> parts) {
    List<Probe> copy = List.copyOf(parts);
    return () -> {
      for (Probe part : copy) {
        Optional<String> missing = part.missing();
        if (missing.isPresent()) {
          return missing;
        }
      }
      return READY;
    };
  }

  private HostAndPort here(int port) {
    return new HostAndPort(node.host(), port);
  }

  private HttpProbe page(int port, String path) {
    return new HttpProbe(http, here(port), path, Map.of());
  }

  /** It serves, alone or with a quorum. */
  Probe zooKeeper() {
    Settings.ZooKeeperServer server = settings.zooKeeperServer();
    return new ZooKeeperProbe(here(server.port()), () -> ZooKeeperClients.socket(server.tls()));
  }

  /** There when so many servers run that they can elect a leader; this one counts. */
  Probe zooKeeperQuorum() {
    Settings.ZooKeeperServer server = settings.zooKeeperServer();
    int needed = server.servers().size() / 2 + 1;
    return () -> {
      long running =
          server.servers().stream()
              .map(host -> new HostAndPort(host, server.electionPort()))
              .filter(address -> Endpoint.accepts(address, CONNECT_TIMEOUT))
              .count();
      return server.servers().size() <= 1 || running >= needed
          ? READY
          : Optional.of("%d of at least %d servers run".formatted(running, needed));
    };
  }

  /** It leads, or stands by while another leads. */
  Probe master() {
    return () ->
        switch (masters
            .status(here(node.ports().masterUi()))
            .map(MasterStatus::state)
            .orElse(null)) {
          case null -> Optional.of("its web page does not answer");
          case ALIVE -> READY;
          case STANDBY -> anotherLeads() ? READY : Optional.of("no master leads yet");
          case RECOVERING, COMPLETING_RECOVERY -> Optional.of("it still recovers");
        };
  }

  /** Missing while this master stands by and nobody leads: an election takes ZooKeeper. */
  Probe electedMaster() {
    return () ->
        standsBy() && !anotherLeads()
            ? Optional.of(
                "no master leads: waits for ZooKeeper at "
                    + settings.cluster().zooKeeper().orElseThrow())
            : READY;
  }

  private boolean standsBy() {
    return masters
        .status(here(node.ports().masterUi()))
        .filter(status -> status.state() == MasterStatus.State.STANDBY)
        .isPresent();
  }

  /** Where every master has its page now. */
  private List<HostAndPort> masterPages() {
    return settings.cluster().masters().isEmpty()
        ? List.of(here(node.ports().masterUi()))
        : members.now().stream()
            .map(master -> new HostAndPort(master.host(), node.ports().masterUi()))
            .toList();
  }

  /** Missing while a stack's members are waited for. */
  Probe mastersAreKnown() {
    return members::missing;
  }

  /** There when a master of another node takes connections; a master of this node is waited for. */
  Probe masterElsewhere() {
    if (settings.cluster().masters().isEmpty()) {
      return () -> READY;
    }
    return () ->
        members.now().stream().anyMatch(master -> Endpoint.accepts(master, CONNECT_TIMEOUT))
            ? READY
            : Optional.of("no master answers at " + node.masterUrl());
  }

  /** For a program with the masters in its command. */
  Renewal renewal(Function<String, Command> withMasters) {
    return settings.cluster().masters().isEmpty()
        ? Renewal.NONE
        : new MastersRenewal(
            members,
            MasterUrl.masters(node.masterUrl()),
            master -> Endpoint.accepts(master, CONNECT_TIMEOUT),
            now -> withMasters.apply(MasterUrl.of(now)),
            Clock.systemUTC());
  }

  private boolean anotherLeads() {
    return leaders().findAny().isPresent();
  }

  private Stream<MasterStatus> leaders() {
    return masters.leaders(masterPages());
  }

  /**
   * Missing where a master leads that doesn't count this application: an application never
   * registers twice, so that it won't ever get executors again. Where nobody leads, or the leader
   * still recovers, nothing is known.
   */
  Probe isKnown(String application) {
    return () -> {
      List<MasterStatus> leaders = leaders().toList();
      boolean known =
          leaders.stream()
              .flatMap(leader -> leader.applications().stream())
              .anyMatch(it -> it.name().equals(application));
      return known || leaders.isEmpty()
          ? READY
          : Optional.of("the leading master doesn't know the application " + application);
    };
  }

  Probe worker() {
    return new WorkerProbe(http, masters, this::masterPages, here(node.ports().workerUi()));
  }

  Probe historyServer() {
    return page(node.ports().history(), "/api/v1/applications?limit=1");
  }

  Probe gateway() {
    // By its address, which its certificate need not name; no secret is sent there.
    String scheme = settings.gateway().tls().isPresent() ? "https://" : "http://";
    return new HttpProbe(
        http, URI.create(scheme + here(node.ports().gateway()) + "/healthz"), Map.of());
  }

  Probe notebook() {
    String token = "token " + credentials.notebookToken().reveal();
    return new HttpProbe(
        own, here(node.ports().notebook()), "/api/kernelspecs", Map.of("Authorization", token));
  }

  /**
   * Runs a query that the driver answers alone: a plain {@code select 1} takes an executor, and a
   * cluster whose cores are all taken must not make its server look broken.
   */
  Probe thriftServerAnswersQueries() {
    return thriftServer("select * from values (1)");
  }

  /** Logs in and runs a command that the driver answers alone. */
  Probe thriftServerLetsIn() {
    return thriftServer("set spark.app.name");
  }

  private Probe thriftServer(String statement) {
    return new ThriftProbe(
        () -> HiveJdbc.load(settings.paths().sparkHome()),
        here(node.ports().thrift()),
        settings.application().id() + "-readiness",
        settings.access().thrift() == AuthMode.TOKEN
            ? Optional.of(credentials.apiToken())
            : Optional.empty(),
        statement);
  }

  Probe connect() {
    return new ConnectProbe(
        here(node.ports().connect()),
        settings.access().connect() == AuthMode.TOKEN
            ? Optional.of(credentials.apiToken())
            : Optional.empty());
  }
}
