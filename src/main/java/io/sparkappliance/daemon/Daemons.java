package io.sparkappliance.daemon;

import io.sparkappliance.cluster.AbandonedSession;
import io.sparkappliance.cluster.Members;
import io.sparkappliance.cluster.Turn;
import io.sparkappliance.daemon.DaemonSpec.Ending;
import io.sparkappliance.daemon.DaemonSpec.Peers;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.GatewayTls;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.Ports;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.settings.ZooKeeperTls;
import io.sparkappliance.sparkconf.NodeConfiguration;
import io.sparkappliance.sparkconf.ZooKeeperFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The daemons that serve the roles of a node. */
public final class Daemons {
  /** Name of the process that serves thrift server and Spark Connect. */
  public static final String SQL = "sql";

  /** Exit code after SIGTERM, with which leadership is handed over. */
  private static final int TOLD_TO_END = 143;

  /** Longer than a session lives anyway makes no sense. */
  private static final Duration END_OF_SESSION = Duration.ofSeconds(4);

  private static final String DECOMMISSION = "spark.decommission.enabled";

  /** The program that a master's process runs. */
  public static final String MASTER_CLASS = "io.sparkappliance.spark.StandaloneMaster";

  /** What spark-submit takes for a class that is among Spark's own jars. */
  private static final String PROGRAM = "spark-internal";

  private static final String CONNECT_PLUGIN = "org.apache.spark.sql.connect.SparkConnectPlugin";

  /**
   * How S3A reads. Its default ({@code analytics}) remembers every object that a process has read,
   * so that one which never ends runs out of memory: HADOOP-20058, for event logs SPARK-61742.
   */
  private static final String STREAM_TYPE = "spark.hadoop.fs.s3a.input.stream.type";

  private static final String STREAM_OF_SERVERS = "classic";

  private final Settings settings;
  private final NodeConfiguration node;
  private final Map<String, String> ownEnvironment;
  private final Probes probes;
  private final Supplier<Optional<ZooKeeperEnsemble>> zooKeeper;
  private final Turn sqlTurn;

  private Daemons(
      Settings settings,
      Credentials credentials,
      NodeConfiguration node,
      Map<String, String> ownEnvironment,
      Members masters,
      Supplier<Optional<ZooKeeperEnsemble>> zooKeeper,
      Turn sqlTurn) {
    this.zooKeeper = zooKeeper;
    this.sqlTurn = sqlTurn;
    this.settings = settings;
    this.node = node;
    this.ownEnvironment = ownEnvironment;
    this.probes = new Probes(settings, credentials, node, masters);
  }

  /**
   * Pure: starts nothing.
   *
   * @param settings what was asked for
   * @param credentials the secrets that probes log in with
   * @param node the prepared configuration
   * @param ownEnvironment this process's environment, of which daemons get a part
   * @param masters the cluster's, followed
   * @param zooKeeper the cluster's, if it has one: as it is known now
   * @param sqlTurn whether this node is the one of several that serves SQL
   * @return the daemons in the order of their start; the last is stopped first
   */
  public static List<DaemonSpec> of(
      Settings settings,
      Credentials credentials,
      NodeConfiguration node,
      Map<String, String> ownEnvironment,
      Members masters,
      Supplier<Optional<ZooKeeperEnsemble>> zooKeeper,
      Turn sqlTurn) {
    return new Daemons(settings, credentials, node, ownEnvironment, masters, zooKeeper, sqlTurn)
        .all();
  }

  private List<DaemonSpec> all() {
    List<DaemonSpec> daemons = new ArrayList<>();
    JavaCommand java = new JavaCommand(settings, node, environment());
    if (settings.runs(Role.ZOOKEEPER)) {
      daemons.add(zooKeeper(java));
    }
    if (settings.runs(Role.MASTER)) {
      daemons.add(master(java));
    }
    if (settings.runs(Role.WORKER)) {
      daemons.add(worker(java));
    }
    if (settings.runs(Role.HISTORYSERVER)) {
      daemons.add(historyServer(java));
    }
    if (settings.runsSqlDriver()) {
      daemons.add(sql(java));
    }
    if (settings.runs(Role.GATEWAY)) {
      daemons.add(gateway());
    }
    if (settings.runs(Role.NOTEBOOK)) {
      daemons.add(notebook());
    }
    return daemons;
  }

  private Map<String, String> environment() {
    return ChildEnvironment.of(ownEnvironment, node);
  }

  private DaemonSpec zooKeeper(JavaCommand java) {
    Settings.ZooKeeperServer server = settings.zooKeeperServer();
    Command command =
        java.daemon(
            Role.ZOOKEEPER.label(),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            List.of(ZooKeeperFiles.configuration(settings).toString()));
    Probe serves = probes.zooKeeper();
    return new DaemonSpec(
        Role.ZOOKEEPER.label(),
        List.of(Role.ZOOKEEPER),
        command,
        List.of(),
        server.servers().size() > 1
            ? listens(server.port(), server.quorumPort(), server.electionPort())
            : listens(server.port()),
        serves,
        serves,
        Peers.some(probes.zooKeeperQuorum()));
  }

  private DaemonSpec master(JavaCommand java) {
    Ports ports = node.ports();
    Command command =
        java.daemon(
            Role.MASTER.label(),
            MASTER_CLASS,
            List.of(
                "--host", node.host(),
                "--port", Integer.toString(ports.master()),
                "--webui-port", Integer.toString(ports.masterUi())));
    Probe leadsOrStandsBy = probes.master();
    boolean elected = settings.cluster().zooKeeper().isPresent();
    return new DaemonSpec(
        Role.MASTER.label(),
        List.of(Role.MASTER),
        command,
        List.of(),
        listens(ports.master(), ports.masterUi()),
        leadsOrStandsBy,
        leadsOrStandsBy,
        elected ? Peers.some(probes.electedMaster()) : Peers.NONE,
        elected ? masterEnding() : Ending.FAILURE,
        Turn.ALWAYS,
        Renewal.NONE);
  }

  /** A master that is deposed ends with 0; one that dies still holds what elects another. */
  private Ending masterEnding() {
    Path session = settings.paths().masterSession();
    return new Ending(
        code ->
            switch (code) {
              case 0 ->
                  Optional.of(
                      "it leads no more: another master was elected, or ZooKeeper does not answer");
              case TOLD_TO_END -> Optional.of("it was told to");
              default -> Optional.empty();
            },
        () -> AbandonedSession.end(zooKeeper.get().orElseThrow(), session, END_OF_SESSION),
        Optional.empty(),
        Optional::empty);
  }

  private DaemonSpec worker(JavaCommand java) {
    Ports ports = node.ports();
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--host", node.host()));
    int port = ports.worker().orElse(defaultWorkerPort());
    arguments.addAll(List.of("--port", Integer.toString(port)));
    arguments.addAll(List.of("--webui-port", Integer.toString(ports.workerUi())));
    arguments.addAll(List.of("--memory", node.memory().workerMemory().toMebibytes() + "m"));
    node.value("spark.worker.cores")
        .ifPresent(cores -> arguments.addAll(List.of("--cores", cores)));
    boolean retires = hasSuccessors();
    Function<String, Command> command =
        masterUrl ->
            java.daemon(
                Role.WORKER.label(),
                retires ? List.of("-D" + DECOMMISSION + "=true") : List.of(),
                "org.apache.spark.deploy.worker.Worker",
                with(arguments, masterUrl));
    Probe alive = probes.worker();
    // A worker keeps asking for its master: it need not wait for one, here or elsewhere.
    return new DaemonSpec(
        Role.WORKER.label(),
        List.of(Role.WORKER),
        command.apply(node.masterUrl()),
        List.of(),
        listens(port, ports.workerUi(), shuffleService()),
        alive,
        alive,
        new Peers(probes.masterElsewhere(), probes.mastersAreKnown()),
        retires ? Ending.retiring(this::askToRetire) : Ending.FAILURE,
        Turn.ALWAYS,
        probes.renewal(command));
  }

  private static List<String> with(List<String> arguments, String... more) {
    return Stream.concat(arguments.stream(), Arrays.stream(more)).toList();
  }

  /** Whether there may be workers on other nodes, which can take over what one here holds. */
  private boolean hasSuccessors() {
    return !settings.isSingleNode() && node.value(DECOMMISSION).filter("false"::equals).isEmpty();
  }

  /** The signal that Spark's workers take as such: {@code spark.worker.decommission.signal}. */
  private Command askToRetire(long worker) {
    String signal = node.value("spark.worker.decommission.signal").orElse("PWR");
    return new Command(
        List.of("kill", "-s", signal, Long.toString(worker)),
        environment(),
        settings.paths().data().resolve("scratch").resolve(Role.WORKER.label()));
  }

  private int shuffleService() {
    boolean runs = node.value("spark.shuffle.service.enabled").filter("true"::equals).isPresent();
    return runs ? node.ports().shuffleService() : 0;
  }

  /** Port 0 is one that the system chooses, or none. */
  private List<HostAndPort> listens(int... ports) {
    return Arrays.stream(ports)
        .filter(port -> port != 0)
        .mapToObj(port -> new HostAndPort(node.bindHost(), port))
        .toList();
  }

  /** Load balancers check port 7077 on every node; beside a master the system chooses. */
  private int defaultWorkerPort() {
    return settings.runs(Role.MASTER) ? 0 : 7077;
  }

  private DaemonSpec historyServer(JavaCommand java) {
    Command command =
        java.daemon(
            Role.HISTORYSERVER.label(),
            choosesStreamType() ? List.of() : List.of("-D" + STREAM_TYPE + "=" + STREAM_OF_SERVERS),
            "org.apache.spark.deploy.history.HistoryServer",
            List.of());
    return new DaemonSpec(
        Role.HISTORYSERVER.label(),
        List.of(Role.HISTORYSERVER),
        command,
        List.of(),
        listens(node.ports().history()),
        probes.historyServer());
  }

  /** One driver for both, so that SQL users cost one application. */
  private DaemonSpec sql(JavaCommand java) {
    Ports ports = node.ports();
    boolean thrift = settings.runs(Role.THRIFTSERVER);
    boolean connect = settings.runs(Role.CONNECT);
    List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of(
            "--class",
            thrift
                ? "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
                : "org.apache.spark.sql.connect.service.SparkConnectServer"));
    String application = settings.application().id() + "-sql";
    arguments.addAll(List.of("--name", application));
    conf(arguments, "spark.driver.port", ports.sqlDriver());
    conf(arguments, "spark.driver.blockManager.port", ports.sqlBlockManager());
    conf(arguments, "spark.ui.port", ports.sqlUi());
    // Connect alone would otherwise come with a catalogue that forgets its tables.
    conf(arguments, "spark.sql.catalogImplementation", "hive");
    if (thrift && connect) {
      conf(arguments, "spark.plugins", plugins());
    }
    if (!choosesStreamType()) {
      conf(arguments, STREAM_TYPE, STREAM_OF_SERVERS);
    }
    Renewal renewal =
        probes.renewal(
            masterUrl -> java.driver(SQL, with(arguments, "--master", masterUrl, PROGRAM)));
    List<Role> roles = new ArrayList<>();
    // Not the driver's own ports: another driver may have taken one while this one was away, and
    // Spark takes the next.
    List<HostAndPort> listens = new ArrayList<>();
    List<Probe> readiness = new ArrayList<>();
    List<Probe> liveness = new ArrayList<>();
    if (thrift) {
      roles.add(Role.THRIFTSERVER);
      listens.addAll(listens(ports.thrift()));
      readiness.add(probes.thriftServerAnswersQueries());
      liveness.add(probes.thriftServerLetsIn());
    }
    if (connect) {
      roles.add(Role.CONNECT);
      listens.addAll(listens(ports.connect()));
      readiness.add(probes.connect());
      liveness.add(probes.connect());
    }
    return new DaemonSpec(
        SQL,
        roles,
        java.driver(SQL, with(arguments, PROGRAM)),
        masterFirst(),
        listens,
        Probes.all(readiness),
        Probes.all(liveness),
        new Peers(
            probes.masterElsewhere(),
            Probes.all(List.of(probes.mastersAreKnown(), probes.masterElsewhere()))),
        Ending.failureOr(probes.isKnown(application)),
        sqlTurn,
        // New masters call a running driver by themselves; one they don't know is hopeless.
        (current, moment) ->
            moment == Renewal.Moment.BEFORE_START
                ? renewal.command(current, moment)
                : Optional.empty());
  }

  /** Whether an operator does. */
  private boolean choosesStreamType() {
    return Optional.ofNullable(node.properties().get(STREAM_TYPE))
        .filter(property -> property.layer().isSetByUser())
        .isPresent();
  }

  private String plugins() {
    return node.value("spark.plugins")
        .filter(given -> !given.isBlank())
        .map(given -> given + "," + CONNECT_PLUGIN)
        .orElse(CONNECT_PLUGIN);
  }

  private static void conf(List<String> arguments, String key, Object value) {
    arguments.add("--conf");
    arguments.add(key + "=" + value);
  }

  /** A driver that finds no master gives up after a minute: it starts when there is one. */
  private List<String> masterFirst() {
    return settings.runs(Role.MASTER) ? List.of(Role.MASTER.label()) : List.of();
  }

  private DaemonSpec gateway() {
    Probe ready = probes.gateway();
    return new DaemonSpec(
        Role.GATEWAY.label(),
        List.of(Role.GATEWAY),
        gatewayCommand(),
        List.of(),
        listens(node.ports().gateway()),
        ready,
        ready,
        Peers.NONE,
        Ending.FAILURE,
        Turn.ALWAYS,
        // One that runs keeps the ensemble that it was started with.
        (current, moment) ->
            moment == Renewal.Moment.BEFORE_START
                ? Optional.of(gatewayCommand()).filter(now -> !now.equals(current))
                : Optional.empty());
  }

  private Command gatewayCommand() {
    Path home = settings.paths().home();
    Map<String, String> environment = new TreeMap<>(environment());
    // The gateway reads the same variables as the launcher, secrets by file.
    ownEnvironment.forEach(
        (name, value) -> {
          if (isForTheGateway(name)) {
            environment.put(name, value);
          }
        });
    environment.put("ADVERTISED_HOST", node.host());
    // By their addresses, where a stack's name stands for them.
    environment.remove("ZOOKEEPER_CONNECT");
    zooKeeper
        .get()
        .ifPresent(ensemble -> environment.put("ZOOKEEPER_STACK_NAME", ensemble.toString()));
    // A file may have moved them.
    environment.put("THRIFT_PORT", Integer.toString(node.ports().thrift()));
    environment.put("CONNECT_PORT", Integer.toString(node.ports().connect()));
    environment.put("HISTORY_PORT", Integer.toString(node.ports().history()));
    environment.put("SQL_UI_PORT", Integer.toString(node.ports().sqlUi()));
    environment.put("SPARK_MASTER_WEBUI_PORT", Integer.toString(node.ports().masterUi()));
    environment.put("API_TOKEN_FILE", settings.paths().secrets().resolve("api-token").toString());
    environment.putAll(filesForTheGateway());
    environment.put("SPARK_APPLIANCE_HOME", home.toString());
    environment.put("SPARK_APPLIANCE_DATA", settings.paths().data().toString());
    environment.put("APPLIANCE_JAVA_OPTS", "-Xmx" + node.memory().gatewayHeap().toJvmText());
    return new Command(
        List.of(home.resolve("bin").resolve("spark-appliance").toString(), "gateway"),
        environment,
        settings.paths().data().resolve("scratch").resolve(Role.GATEWAY.label()));
  }

  /** Where key stores are, and secrets: not by their values. */
  private Map<String, String> filesForTheGateway() {
    Map<String, String> files = new TreeMap<>();
    settings
        .cluster()
        .zooKeeper()
        .ifPresent(ensemble -> secret(files, "ZOOKEEPER_AUTH", ensemble.login()));
    settings.zooKeeperServer().tls().ifPresent(tls -> filesOf(tls, files));
    settings.access().ssl().ifPresent(ssl -> filesOf(ssl, files));
    settings.gateway().tls().ifPresent(tls -> filesOf(tls, files));
    Settings.Identity identity = settings.identity();
    secret(files, "OAUTH2_CLIENT_SECRET", identity.clientSecret());
    secret(files, "INTROSPECTION_CLIENT_SECRET", identity.introspectionSecret());
    secret(
        files,
        "JOBS_DATABASE_PASSWORD",
        settings.gateway().jobsDatabase().flatMap(Settings.JobsDatabase::password));
    secret(files, "WEBHOOK_SECRET", settings.gateway().webhooks().secret());
    return files;
  }

  private void filesOf(ZooKeeperTls tls, Map<String, String> files) {
    file(files, "ZOOKEEPER_TLS_KEYSTORE_FILE", tls.keyStore());
    file(files, "ZOOKEEPER_TLS_TRUSTSTORE_FILE", tls.trustStore());
    secret(files, "ZOOKEEPER_TLS_KEYSTORE_PASSWORD", tls.keyStorePassword());
    secret(files, "ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD", tls.trustStorePassword());
  }

  private void filesOf(Settings.Ssl ssl, Map<String, String> files) {
    file(files, "SPARK_SSL_KEYSTORE_FILE", Optional.of(ssl.keyStore()));
    file(files, "SPARK_SSL_TRUSTSTORE_FILE", ssl.trustStore());
    secret(files, "SPARK_SSL_KEYSTORE_PASSWORD", Optional.of(ssl.keyStorePassword()));
    secret(files, "SPARK_SSL_KEY_PASSWORD", ssl.keyPassword());
    secret(files, "SPARK_SSL_TRUSTSTORE_PASSWORD", ssl.trustStorePassword());
  }

  private void filesOf(GatewayTls tls, Map<String, String> files) {
    file(files, tls.certificatesVariable(), Optional.of(tls.certificates()));
    file(files, GatewayTls.KEY_FILE, tls.key());
    secret(files, GatewayTls.PASSWORD, tls.password());
  }

  private static void file(Map<String, String> files, String variable, Optional<Path> file) {
    file.ifPresent(it -> files.put(variable, it.toString()));
  }

  private void secret(Map<String, String> files, String variable, Optional<Secret> secret) {
    secret.ifPresent(
        it -> files.put(variable + "_FILE", settings.paths().secret(variable).toString()));
  }

  private static boolean isForTheGateway(String name) {
    boolean ours =
        name.matches(
            "START_.*|SPARK_MODE|APPLICATION_.*|CLUSTER_SIZE|MASTER_STACK_NAME|SPARK_MASTER_URL|ZOOKEEPER_.*"
                + "|API_AUTH|THRIFT_AUTH|CONNECT_AUTH|MAX_.*|JOBS_.*|KEEP_JOBS.*|SQL_SESSION_IDLE|SUBMIT_.*|THRIFT_SERVER|.*_PORT"
                + "|SPARK_PUBLIC_DNS|LOG_FORMAT|LOG_DIR|SPARK_SSL_.*|AUTH_URL|TOKEN_URL|TOKENINFO_.*|OAUTH2_.*"
                + "|OIDC_.*|INTROSPECTION_.*|USER_CLAIM|ROLES_.*|SIGN_IN_.*|TRUSTED_PROXIES|GATEWAY_TLS_.*|WEBHOOK_.*");
    return ours && !name.matches(".*_FILE|.*_PASSWORD|.*_SECRET|ZOOKEEPER_AUTH");
  }

  private DaemonSpec notebook() {
    Map<String, String> environment = new TreeMap<>(environment());
    Path data = settings.paths().data();
    environment.put("JUPYTER_CONFIG_DIR", data.resolve("notebook").toString());
    environment.put("JUPYTER_DATA_DIR", data.resolve("notebook/share").toString());
    environment.put("JUPYTER_RUNTIME_DIR", data.resolve("notebook/runtime").toString());
    Path python = Path.of(settings.paths().python());
    String jupyter =
        Optional.ofNullable(python.getParent())
            .map(directory -> directory.resolve("jupyter").toString())
            .orElse("jupyter");
    Command command =
        new Command(
            List.of(jupyter, "lab", "--no-browser"), environment, data.resolve("notebooks"));
    return new DaemonSpec(
        Role.NOTEBOOK.label(),
        List.of(Role.NOTEBOOK),
        command,
        List.of(),
        listens(node.ports().notebook()),
        probes.notebook());
  }
}
