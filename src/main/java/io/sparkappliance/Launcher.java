package io.sparkappliance;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.auth.CredentialStore;
import io.sparkappliance.auth.SecretFile;
import io.sparkappliance.auth.ServerKey;
import io.sparkappliance.auth.ZooKeeperChannel;
import io.sparkappliance.aws.Pauses;
import io.sparkappliance.cluster.MasterClient;
import io.sparkappliance.cluster.Members;
import io.sparkappliance.cluster.OwnAddress;
import io.sparkappliance.cluster.ServiceTurn;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.cluster.Turn;
import io.sparkappliance.daemon.DaemonSpec;
import io.sparkappliance.daemon.Daemons;
import io.sparkappliance.daemon.InitScripts;
import io.sparkappliance.daemon.NotebookConfiguration;
import io.sparkappliance.daemon.ProcessStarter;
import io.sparkappliance.gateway.GatewayMain;
import io.sparkappliance.jobs.Jobs;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.GatewayTls;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.PassedOn;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.SecretSource;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.settings.ZooKeeperTls;
import io.sparkappliance.sparkconf.FetchedSources;
import io.sparkappliance.sparkconf.NodeConfiguration;
import io.sparkappliance.sparkconf.NodeMemory;
import io.sparkappliance.sparkconf.Outside;
import io.sparkappliance.sparkconf.Preparation;
import io.sparkappliance.sparkconf.ZooKeeperFiles;
import io.sparkappliance.supervise.Console;
import io.sparkappliance.supervise.DaemonLogs;
import io.sparkappliance.supervise.HealthCheck;
import io.sparkappliance.supervise.LineStream;
import io.sparkappliance.supervise.Management;
import io.sparkappliance.supervise.NodeLife;
import io.sparkappliance.supervise.Signals;
import io.sparkappliance.supervise.Supervisor;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Puts the parts together, one method for each command. */
final class Launcher {
  private static final Path INIT_SCRIPTS = Path.of("/docker-entrypoint-initdb.d");

  private static final Duration LEFTOVERS_GRACE = Duration.ofSeconds(5);

  private Launcher() {}

  /** Runs a node until it is told to stop, or a daemon keeps dying. */
  static int launch(World world) {
    Console console = new Console(world.out(), world.logFormat(), Clock.systemUTC());
    // What libraries log.
    System.setErr(new PrintStream(new LineStream(console::say), true, StandardCharsets.UTF_8));
    try (Surroundings surroundings = Surroundings.of(world, console::say)) {
      ReferencedSecrets secrets = new ReferencedSecrets(surroundings);
      SettingsReader.Result read =
          SettingsReader.read(world.environment(), Files::readString, secrets);
      Settings settings = read.settings();
      checkNotebookIsInstalled(settings);
      read.warnings().forEach(warning -> console.say("warning: " + warning));
      return launch(settings, surroundings, secrets, console, new NodeLife(console));
    }
  }

  private static int launch(
      Settings settings,
      Surroundings surroundings,
      ReferencedSecrets secrets,
      Console console,
      NodeLife life) {
    String host = surroundings.host(settings);
    try (Management management =
        new Management(
            NodeConfiguration.bindHost(host),
            settings.network().ports().management(),
            life::status)) {
      Optional<Departure> departure =
          surroundings.departure(settings, new Departure.Node(life::drain, life::retire));
      departure.ifPresent(it -> life.beforeEarlyEnd(it::finish));
      Signals.handle(
          code -> {
            departure.ifPresent(Departure::hurry);
            life.stop(code);
          },
          life::kill);
      Signals.handlePowerFailure(() -> life.drain(settings.draining().timeout()));
      console.say("starts; health on port " + management.port());
      departure.ifPresent(Departure::holdWhileInstanceEnds);
      departure.ifPresent(Departure::follow);
      try {
        return launch(settings, host, surroundings, secrets, console, life);
      } finally {
        // The group need not wait for a node that could not start, either.
        departure.ifPresent(Departure::finish);
      }
    } catch (ConfigurationException failure) {
      life.unlessStopped();
      throw failure;
    }
  }

  private static int launch(
      Settings asGiven,
      String host,
      Surroundings surroundings,
      ReferencedSecrets secrets,
      Console console,
      NodeLife life) {
    Map<String, String> environment = surroundings.environment();
    Outside outside = new Outside(environment, secrets, surroundings::role);
    Surroundings.Known cluster = surroundings.known(asGiven, host);
    Settings settings = cluster.settings();
    CredentialStore store = new CredentialStore(settings.paths().secrets());
    CredentialStore.Loaded loaded = store.load(settings);
    Credentials credentials = loaded.credentials();
    ProcessStarter starter = ProcessStarter.ofThisMachine();
    List<Path> fetched = FetchedSources.initScripts(settings, outside);
    new InitScripts(INIT_SCRIPTS, fetched, starter, console::say)
        .run(environment, settings.paths().data());
    NodeConfiguration node = Preparation.prepare(settings, credentials, host, memory(), outside);
    surroundings.writeDown(settings);
    node.notices().forEach(console::say);
    writeNotebookConfiguration(settings, credentials, node);
    writeZooKeeperConfiguration(settings, host);
    writeSecrets(settings);
    forgetTheLastRun(settings);
    if (settings.runs(Role.GATEWAY)) {
      Jobs.checkShared(settings, PassedOn.of(environment))
          .ifPresent(why -> console.say("warning: the gateway waits: " + why));
    }
    Optional<ServiceTurn> sqlTurn = SqlTurn.of(settings, node, cluster.zooKeeper());
    List<DaemonSpec> daemons =
        Daemons.of(
            settings,
            credentials,
            node,
            environment,
            cluster.masters(),
            cluster.zooKeeper(),
            sqlTurn.map(Turn.class::cast).orElse(Turn.ALWAYS));
    Addresses addresses =
        new Addresses(
            settings, credentials, node, loaded.unseen() || settings.access().showToken());
    Supervisor supervisor =
        new Supervisor(
            daemons,
            settings.supervision(),
            starter,
            console,
            new DaemonLogs(
                settings.paths().logs(),
                LogShipping.of(
                    settings, surroundings.logOwner(settings, host), environment, console)),
            () -> tell(addresses, store, console));
    life.supervisedBy(supervisor);
    sqlTurn.ifPresent(ServiceTurn::start);
    Optional<EmfMetrics> metrics = metrics(settings, surroundings, node, console);
    metrics.ifPresent(EmfMetrics::follow);
    int code = supervisor.run();
    metrics.ifPresent(EmfMetrics::close);
    sqlTurn.ifPresent(ServiceTurn::close);
    endLeftovers(settings, console);
    return code;
  }

  private static Optional<EmfMetrics> metrics(
      Settings settings, Surroundings surroundings, NodeConfiguration node, Console console) {
    MasterClient master = new MasterClient(SparkPages.client(settings.access().ssl()));
    HostAndPort page = new HostAndPort(node.host(), node.ports().masterUi());
    return settings
        .metricsNamespace()
        .filter(any -> settings.runs(Role.MASTER))
        .map(
            namespace ->
                new EmfMetrics(
                    namespace,
                    surroundings.stack(settings),
                    () -> master.status(page),
                    console::raw,
                    Clock.systemUTC()));
  }

  /** Applications outlive a gateway that crashed, but not their node. */
  private static void endLeftovers(Settings settings, Console console) {
    if (!settings.runs(Role.GATEWAY)) {
      return;
    }
    try {
      int ended = Jobs.endLeftovers(settings, LEFTOVERS_GRACE);
      if (ended > 0) {
        console.say("ended " + ended + " applications that the gateway had left");
      }
    } catch (IOException failure) {
      console.say("can't look for applications that the gateway left: " + failure);
    }
  }

  /** Whatever a master of the last run knew ended with it, when all of it was on this node. */
  private static void forgetTheLastRun(Settings settings) {
    Path recovery = settings.paths().recovery();
    if (settings.isSingleNode() && Files.isDirectory(recovery)) {
      try (var files = Files.list(recovery)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      } catch (IOException failure) {
        throw new ConfigurationException(
            new Problem(
                recovery.toString(),
                "",
                "can't be emptied: " + failure,
                "Remove the directory, or give it to the user the appliance runs as."));
      }
    }
  }

  private static MemorySize memory() {
    return NodeMemory.read(Path.of("/"));
  }

  private static void checkNotebookIsInstalled(Settings settings) {
    Path python = Path.of(settings.paths().python());
    if (settings.runs(Role.NOTEBOOK)
        && python.isAbsolute()
        && !Files.isExecutable(python.resolveSibling("jupyter"))) {
      throw new ConfigurationException(
          new Problem(
              Role.NOTEBOOK.variable(),
              "true",
              "this image has no JupyterLab",
              "Use the image without \"-slim\" in its tag, or leave the variable out."));
    }
  }

  private static void tell(Addresses addresses, CredentialStore store, Console console) {
    console.say(addresses.text());
    try {
      store.shown();
    } catch (IOException printedAgain) {
      console.say("warning: the next start may print the token again: " + printedAgain);
    }
  }

  private static void writeNotebookConfiguration(
      Settings settings, Credentials credentials, NodeConfiguration node) {
    if (!settings.runs(Role.NOTEBOOK)) {
      return;
    }
    try {
      String text =
          new ObjectMapper()
              .writerWithDefaultPrettyPrinter()
              .writeValueAsString(NotebookConfiguration.of(settings, credentials, node));
      new SecretFile(settings.paths().data().resolve("notebook/jupyter_server_config.json"))
          .write(text);
    } catch (IOException failure) {
      throw ConfigurationException.unwritable(
          settings.paths().data(), "the notebook's configuration", failure);
    }
  }

  private static void writeZooKeeperConfiguration(Settings settings, String host) {
    if (!settings.runs(Role.ZOOKEEPER)) {
      return;
    }
    List<String> servers = settings.zooKeeperServer().servers();
    int id =
        settings
            .zooKeeperServer()
            .id()
            .or(() -> servers.isEmpty() ? Optional.of(1) : OwnAddress.placeIn(servers, host))
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        new Problem(
                            "ZOOKEEPER_SERVERS",
                            String.join(",", servers),
                            "exactly one of these hosts must be this one, which is " + host,
                            "Name this host as the others do, or set ZOOKEEPER_ID to its place in the"
                                + " list, from 1.")));
    ZooKeeperFiles.write(settings, NodeConfiguration.bindHost(host), id);
  }

  /** For processes of this node: their command lines and environments must not show them. */
  private static void writeSecrets(Settings settings) {
    new ZooKeeperChannel(settings.zooKeeperServer().tls()).check();
    boolean gateway = settings.runs(Role.GATEWAY);
    Optional<GatewayTls> gatewayTls = settings.gateway().tls().filter(any -> gateway);
    gatewayTls.ifPresent(ServerKey::read);
    Optional<ZooKeeperEnsemble> ensemble =
        settings.cluster().zooKeeper().filter(any -> settings.runs(Role.MASTER) || gateway);
    Optional<ZooKeeperTls> tls =
        ensemble
            .flatMap(ZooKeeperEnsemble::tls)
            .or(
                () ->
                    settings.zooKeeperServer().tls().filter(any -> settings.runs(Role.ZOOKEEPER)));
    Optional<Settings.Ssl> pages = settings.access().ssl().filter(any -> gateway);
    Map<String, Optional<Secret>> secrets = new LinkedHashMap<>();
    secrets.put("ZOOKEEPER_AUTH", ensemble.flatMap(ZooKeeperEnsemble::login));
    secrets.put("ZOOKEEPER_TLS_KEYSTORE_PASSWORD", tls.flatMap(ZooKeeperTls::keyStorePassword));
    secrets.put("ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD", tls.flatMap(ZooKeeperTls::trustStorePassword));
    secrets.put("SPARK_SSL_KEYSTORE_PASSWORD", pages.map(Settings.Ssl::keyStorePassword));
    secrets.put("SPARK_SSL_KEY_PASSWORD", pages.flatMap(Settings.Ssl::keyPassword));
    secrets.put("SPARK_SSL_TRUSTSTORE_PASSWORD", pages.flatMap(Settings.Ssl::trustStorePassword));
    secrets.put(GatewayTls.PASSWORD, gatewayTls.flatMap(GatewayTls::password));
    Optional<Settings.Identity> identity = Optional.of(settings.identity()).filter(any -> gateway);
    secrets.put("OAUTH2_CLIENT_SECRET", identity.flatMap(Settings.Identity::clientSecret));
    secrets.put(
        "INTROSPECTION_CLIENT_SECRET", identity.flatMap(Settings.Identity::introspectionSecret));
    secrets.put(
        "JOBS_DATABASE_PASSWORD",
        settings
            .gateway()
            .jobsDatabase()
            .filter(any -> gateway)
            .flatMap(Settings.JobsDatabase::password));
    secrets.put(
        "WEBHOOK_SECRET", gateway ? settings.gateway().webhooks().secret() : Optional.empty());
    secrets.forEach((name, secret) -> write(settings, settings.paths().secret(name), secret));
  }

  /** What isn't needed any more goes. */
  private static void write(Settings settings, Path file, Optional<Secret> secret) {
    try {
      if (secret.isPresent()) {
        new SecretFile(file).write(secret.get().reveal());
      } else {
        Files.deleteIfExists(file);
      }
    } catch (IOException failure) {
      throw ConfigurationException.unwritable(
          settings.paths().data(), "secrets for this node's processes", failure);
    }
  }

  /** Runs the gateway alone. */
  static int gateway(World world) {
    Settings settings;
    String host;
    // The launcher gives its gateway all secrets by file: then there is nothing to look up.
    try (Surroundings surroundings = Surroundings.of(world, world.err()::println)) {
      ReferencedSecrets secrets = new ReferencedSecrets(surroundings);
      settings =
          SettingsReader.readForClient(world.environment(), Files::readString, secrets).settings();
      host = surroundings.host(settings);
    }
    settings.gateway().tls().ifPresent(ServerKey::read);
    Credentials credentials =
        new CredentialStore(settings.paths().secrets()).load(settings).credentials();
    return GatewayMain.run(settings, host, credentials, world.environment());
  }

  /** Writes the configuration that a client of the cluster needs, and nothing else. */
  static void prepare(World world) {
    try (Surroundings surroundings = Surroundings.of(world, world.err()::println)) {
      ReferencedSecrets secrets = new ReferencedSecrets(surroundings);
      Settings settings =
          SettingsReader.readForClient(world.environment(), Files::readString, secrets).settings();
      Credentials credentials = new CredentialStore(settings.paths().secrets()).look(settings);
      String host = surroundings.host(settings);
      Preparation.prepareClient(
          surroundings.known(settings, host).settings(),
          credentials,
          host,
          memory(),
          new Outside(surroundings.environment(), secrets, surroundings::role));
    }
  }

  /** What {@link #launch} would do. */
  static String check(World world) {
    SettingsReader.Result read =
        SettingsReader.read(world.environment(), Files::readString, SecretSource.NOT_ASKED);
    Settings settings = read.settings();
    checkNotebookIsInstalled(settings);
    Credentials standIns = standIns(settings);
    NodeConfiguration node;
    List<DaemonSpec> specs;
    try (Surroundings surroundings = Surroundings.of(world, world.err()::println)) {
      String host = surroundings.host(settings);
      Map<String, String> environment = surroundings.environment();
      Settings planned = surroundings.planned(settings, host);
      node = Preparation.plan(planned, standIns, host, memory(), environment);
      Members masters = Members.named(planned.cluster().masters());
      specs =
          Daemons.of(
              planned,
              standIns,
              node,
              environment,
              masters,
              planned.cluster()::zooKeeper,
              Turn.ALWAYS);
    }
    List<CheckReport.Planned> daemons =
        specs.stream()
            .map(
                daemon ->
                    new CheckReport.Planned(
                        daemon.name(), daemon.after(), daemon.command().arguments()))
            .toList();
    return CheckReport.render(read, node, daemons);
  }

  /** Nothing may be generated by a look: what is not given yet is replaced by a stand-in. */
  private static Credentials standIns(Settings settings) {
    Secret standIn = new Secret("generated-at-start");
    Settings.Access access = settings.access();
    Secret apiToken = access.apiToken().orElse(standIn);
    boolean authenticated = access.rpcAuthentication().orElse(true);
    Optional<Secret> rpcSecret =
        access
            .rpcSecret()
            .or(() -> settings.isSingleNode() ? Optional.of(standIn) : Optional.empty());
    return new Credentials(
        apiToken,
        access.notebookToken().orElse(apiToken),
        authenticated ? rpcSecret : Optional.empty());
  }

  /** Moves leadership to another node's master. */
  static int handover(World world) {
    Settings settings =
        SettingsReader.read(world.environment(), Files::readString, SecretSource.NOT_ASKED)
            .settings();
    try (Surroundings surroundings = Surroundings.of(world, world.err()::println)) {
      Handover.Result result = Handover.run(settings, surroundings.host(settings));
      world.out().println(result.message());
      return result.done() ? 0 : 1;
    }
  }

  /** Lets somebody sign in, for calls of the gateway's API. */
  static int token(World world) {
    Settings settings;
    try (Surroundings surroundings = Surroundings.of(world, world.err()::println)) {
      ReferencedSecrets secrets = new ReferencedSecrets(surroundings);
      settings =
          SettingsReader.readForClient(
                  SignInByDevice.withAudience(world.environment()), Files::readString, secrets)
              .settings();
    }
    return new SignInByDevice(world, Clock.systemUTC(), Pauses::pause)
        .run(settings.identity(), world.environment());
  }

  /** Asks the node on this machine. */
  static int health(World world) {
    Settings settings =
        SettingsReader.readForClient(world.environment(), Files::readString, SecretSource.NOT_ASKED)
            .settings();
    // Here, whatever others call this node.
    String bound =
        NodeConfiguration.bindHost(settings.network().advertisedHost().orElseGet(OwnAddress::find));
    String host = bound.equals("0.0.0.0") ? "127.0.0.1" : bound;
    HealthCheck answer = HealthCheck.of(host, settings.network().ports().management());
    world.out().println(answer.message());
    return answer.healthy() ? 0 : 1;
  }
}
