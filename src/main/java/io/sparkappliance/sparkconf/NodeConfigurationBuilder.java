package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.ArgumentText;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MasterUrl;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.AuthMode;
import io.sparkappliance.settings.Settings.Ports;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.settings.ZooKeeperTls;
import io.sparkappliance.storage.Locations;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Puts the layers together. Reads no file and starts nothing; asks for secrets, if anybody. */
final class NodeConfigurationBuilder {
  private static final MemorySize DEFAULT_HEAP = MemorySize.ofMebibytes(2048);
  private static final MemorySize DEFAULT_DAEMON_HEAP = MemorySize.ofMebibytes(512);
  private static final String CONNECT_TOKEN = "spark.connect.authenticate.token";
  private static final String AUTHENTICATE = "spark.authenticate";
  private static final String CLUSTER_SECRET = "spark.authenticate.secret";

  /** Loaded by drivers and executors; named here and not used, so the arrows stay as they are. */
  private static final String PLUGINS =
      Stream.of("SecretGuard", "Retirement", "ExecutorWishes", "ApplicationNote")
          .map("io.sparkappliance.spark."::concat)
          .collect(Collectors.joining(","));

  /** Loaded by masters; only named here, too. */
  private static final String RECOVERY_FACTORY = "io.sparkappliance.spark.ZooKeeperRecovery";

  private static final String ENCRYPT = "spark.network.crypto.enabled";

  /**
   * What comes out.
   *
   * @param configuration for daemons and {@code check}
   * @param hiveSite the content of {@code hive-site.xml}
   */
  record Result(NodeConfiguration configuration, HiveSite hiveSite) {}

  private final Settings settings;
  private final Credentials credentials;
  private final String host;
  private final MemorySize total;
  private final ConfigurationSources sources;
  private final Problems problems;
  private final SparkProperties properties = new SparkProperties();
  private final List<String> notices = new ArrayList<>();

  private NodeConfigurationBuilder(
      Settings settings,
      Credentials credentials,
      String host,
      MemorySize total,
      ConfigurationSources sources,
      Problems problems) {
    this.settings = settings;
    this.credentials = credentials;
    this.host = host;
    this.total = total;
    this.sources = sources;
    this.problems = problems;
  }

  /**
   * Puts everything together.
   *
   * @param settings what the environment says
   * @param credentials the secrets in force
   * @param host address under which peers reach this node
   * @param total memory of the node
   * @param sources what files say
   * @param problems gets what the user must mend; the result is then of no use
   */
  static Result build(
      Settings settings,
      Credentials credentials,
      String host,
      MemorySize total,
      ConfigurationSources sources,
      Problems problems) {
    return new NodeConfigurationBuilder(settings, credentials, host, total, sources, problems)
        .build();
  }

  private Result build() {
    notices.addAll(sources.notices());
    notices.addAll(sources.mounted().notices());
    notices.addAll(sources.extConf().notices());
    properties.putAll(Layer.SHIPPED, sources.shipped().settings());
    properties.putAll(Layer.MOUNTED, sources.mounted().settings());
    properties.putAll(Layer.EXT_CONF, sources.extConf().settings());
    properties.putAll(Layer.VARIABLE, settings.sparkProperties());
    EmrfsNames.translate(properties, problems, notices);
    HiveSite given =
        new ConfigurationSecrets(sources.secrets(), problems, notices)
            .putInto(properties, sources.hiveSite());
    HiveServerSettings hive = new HiveServerSettings(settings, given, properties);
    Ports ports =
        new EffectivePorts(settings, properties, given, problems)
            .settle(settings.network().ports());
    addAddresses(ports);
    addPaths(hive);
    addLibraries();
    addEventLog();
    addClusterSecret();
    addRecovery();
    addTokens();
    addTls();
    MemoryPlan memory = addMemory();
    addJavaOptions(memory);
    ObjectStoreSettings.add(properties, sources.objectStores(), notices);
    if (settings.cluster().zooKeeper().isPresent()
        && settings.runsSqlDriver()
        && hive.hasEmbeddedMetastore()) {
      notices.add(
          "warning: the embedded metastore belongs to this node: where another serves SQL, these tables"
              + " are unknown. HIVE_SITE_XML names a metastore for all nodes.");
    }
    HiveSite hiveSite =
        hive.complete(ports.thrift(), NodeConfiguration.bindHost(host), problems, notices);
    NodeConfiguration configuration =
        new NodeConfiguration(
            properties.asMap(),
            memory,
            host,
            NodeConfiguration.bindHost(host),
            masterUrl(ports),
            ports,
            environment(),
            sources.javaOptions(),
            sources.startupCache(),
            sources.jars(),
            settings.paths().confDir(),
            notices);
    return new Result(configuration, hiveSite);
  }

  private void node(String key, String value) {
    properties.put(Layer.NODE, key, value);
  }

  private void addAddresses(Ports ports) {
    properties.put(
        settings.cluster().masters().isEmpty() ? Layer.NODE : Layer.VARIABLE,
        "spark.master",
        masterUrl(ports));
    node("spark.driver.host", host);
    node("spark.driver.bindAddress", NodeConfiguration.bindHost(host));
    if (NodeConfiguration.isLoopback(host)) {
      node("spark.connect.grpc.binding.address", NodeConfiguration.bindHost(host));
    }
  }

  private String masterUrl(Ports ports) {
    List<HostAndPort> masters =
        settings.cluster().masters().isEmpty()
            ? List.of(new HostAndPort(host, ports.master()))
            : settings.cluster().masters();
    return MasterUrl.of(masters);
  }

  private void addPaths(HiveServerSettings hive) {
    Settings.Paths paths = settings.paths();
    addLocalDirectories();
    node("spark.jars.ivy", paths.data().resolve("home/.ivy2").toString());
    node("spark.metrics.conf", paths.confDir().resolve("metrics.properties").toString());
    if (!hive.namesWarehouse()) {
      node("spark.sql.warehouse.dir", fileUri(paths.data().resolve("warehouse")));
    }
    if (!hive.hasEmbeddedMetastore()) {
      // Not for embedded Derby: one process at a time can open it, and that is the SQL driver,
      // whose
      // command asks for Hive itself.
      node("spark.sql.catalogImplementation", "hive");
    }
  }

  /** Local disks are for those who don't say where else. */
  private void addLocalDirectories() {
    String key = "spark.local.dir";
    Settings.Paths paths = settings.paths();
    boolean told = !paths.localDirs().isEmpty() || properties.chosen(key).isPresent();
    LocalDisks disks = told ? LocalDisks.NONE : sources.localDisks();
    notices.addAll(disks.notices());
    node(
        key,
        disks.usable().isEmpty()
            ? paths.data().resolve("local").toString()
            : LocalDisks.text(disks.usable()));
  }

  private void addLibraries() {
    if (!sources.jars().isEmpty()) {
      properties
          .chosen("spark.jars")
          .ifPresent(
              jars ->
                  notices.add(
                      "EXT_JARS replaces spark.jars of "
                          + jars.layer().label()
                          + ": name all jars in one place."));
      properties.put(
          Layer.VARIABLE,
          "spark.jars",
          sources.jars().stream().map(Path::toString).collect(Collectors.joining(",")));
    }
  }

  /** How JVMs of drivers and executors start, whoever starts them. */
  private void addJavaOptions(MemoryPlan memory) {
    for (String key : List.of("spark.driver.extraJavaOptions", "spark.driver.defaultJavaOptions")) {
      properties.value(key).ifPresent(options -> checkOptions(key, options));
    }
    addJavaOptions("spark.driver", memory.driverHeap());
    addJavaOptions("spark.executor", memory.executorMemory());
  }

  private void addJavaOptions(String process, MemorySize heap) {
    List<String> options = new ArrayList<>(sources.javaOptions());
    String classPath = process + ".extraClassPath";
    // What comes before Spark's own jars is meant to replace them: the cache would not fit.
    if (properties.value(classPath).isEmpty()) {
      sources
          .startupCache()
          .filter(cache -> cache.fits(heap))
          .ifPresent(
              cache -> {
                node(classPath, cache.jars().toString());
                options.addAll(cache.javaOptions());
              });
    }
    if (!options.isEmpty()) {
      String own =
          options.stream()
              .map(NodeConfigurationBuilder::quoteOption)
              .collect(Collectors.joining(" "));
      putFirst(process + ".defaultJavaOptions", own, " ");
    }
  }

  /** The text may hold passwords: of what is wrong no more than one word is shown. */
  private void checkOptions(String key, String options) {
    try {
      ArgumentText.split(options).stream()
          .filter(option -> option.startsWith("-Xmx"))
          .forEach(
              heap ->
                  problems.add(
                      key,
                      heap,
                      "options of the JVM are accepted, except its heap",
                      "Set DRIVER_MEMORY instead."));
    } catch (IllegalArgumentException broken) {
      problems.add(key, "", broken.getMessage(), "Write the options as in a shell.");
    }
  }

  /** Spark splits these settings at spaces, as a shell does. */
  private static String quoteOption(String option) {
    return option.matches("[A-Za-z0-9_./=:,+-]+")
        ? option
        : '"' + option.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private void addEventLog() {
    String given = settings.paths().eventLogDir();
    String location = Locations.scheme(given).isEmpty() ? fileUri(Path.of(given)) : given;
    boolean isDefault = given.equals(settings.paths().data().resolve("events").toString());
    properties.put(isDefault ? Layer.NODE : Layer.VARIABLE, "spark.eventLog.dir", location);
    // One place to set: what is written is what the history server reads.
    node("spark.history.fs.logDirectory", properties.value("spark.eventLog.dir").orElseThrow());
  }

  static String fileUri(Path directory) {
    // Path.toUri() adds a slash where the directory exists, so that the text would change.
    return "file:" + directory.toAbsolutePath().toUri().getRawPath().replaceFirst("/$", "");
  }

  /**
   * A master that dies and is started again finds its workers and applications: without this, each
   * driver would have to be started anew.
   */
  private void addRecovery() {
    if (!settings.runs(Role.MASTER)) {
      return;
    }
    Optional<ZooKeeperEnsemble> zooKeeper = settings.cluster().zooKeeper();
    if (zooKeeper.isPresent()) {
      if (zooKeeper.get().login().isPresent()) {
        node(
            "spark.sparkappliance.zookeeper.loginFile",
            settings.paths().secret("ZOOKEEPER_AUTH").toString());
      } else {
        notices.add(
            "warning: ZooKeeper at "
                + zooKeeper.get()
                + " is used without a login: who reaches it can run code on the masters and send"
                + " users elsewhere. Set ZOOKEEPER_AUTH_FILE on every node, or keep its port within"
                + " the cluster's network.");
      }
      zooKeeper.get().tls().ifPresent(this::addZooKeeperTls);
      node("spark.deploy.recoveryMode", "CUSTOM");
      node("spark.deploy.recoveryMode.factory", RECOVERY_FACTORY);
      properties.put(Layer.VARIABLE, "spark.deploy.zookeeper.url", zooKeeper.get().toString());
      // Long enough for a driver in a pause; those that are gone are not waited for.
      node("spark.deploy.recoveryTimeout", "10");
      node(
          "spark.sparkappliance.zookeeper.sessionFile",
          settings.paths().masterSession().toString());
    } else {
      node("spark.deploy.recoveryMode", "FILESYSTEM");
      node("spark.deploy.recoveryDirectory", settings.paths().recovery().toString());
    }
  }

  private void addZooKeeperTls(ZooKeeperTls tls) {
    String prefix = "spark.sparkappliance.zookeeper.tls";
    Settings.Paths paths = settings.paths();
    node(prefix, "true");
    tls.keyStore().ifPresent(it -> node(prefix + ".keyStore", it.toString()));
    tls.trustStore().ifPresent(it -> node(prefix + ".trustStore", it.toString()));
    if (tls.keyStorePassword().isPresent()) {
      node(
          prefix + ".keyStorePasswordFile",
          paths.secret("ZOOKEEPER_TLS_KEYSTORE_PASSWORD").toString());
    }
    if (tls.trustStorePassword().isPresent()) {
      node(
          prefix + ".trustStorePasswordFile",
          paths.secret("ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD").toString());
    }
  }

  private void addClusterSecret() {
    Settings.Access access = settings.access();
    boolean wanted = access.rpcAuthentication().orElse(credentials.rpcSecret().isPresent());
    Layer layer = access.rpcSecret().isPresent() ? Layer.VARIABLE : Layer.NODE;
    access
        .rpcAuthentication()
        .ifPresent(on -> properties.put(Layer.VARIABLE, AUTHENTICATE, on.toString()));
    if (wanted) {
      properties.put(layer, AUTHENTICATE, "true");
      credentials
          .rpcSecret()
          .map(Secret::reveal)
          .ifPresent(secret -> properties.put(layer, CLUSTER_SECRET, secret));
    }
    addPlugins();
    if (properties.isTrue(AUTHENTICATE)) {
      node(ENCRYPT, "true");
      if (properties.value(CLUSTER_SECRET).isEmpty()) {
        problems.add(
            AUTHENTICATE,
            "true",
            "authentication needs the cluster secret",
            "Set SPARK_RPC_AUTHENTICATION_SECRET_FILE (or SPARK_RPC_AUTHENTICATION_SECRET), the same"
                + " on every node.");
      }
    } else if (properties.isTrue(ENCRYPT)) {
      problems.add(
          ENCRYPT,
          "true",
          "encryption needs authentication, which is off",
          "Set SPARK_RPC_AUTHENTICATION_SECRET_FILE (or SPARK_RPC_AUTHENTICATION_SECRET), the same on"
              + " every node.");
    }
  }

  /** Plugins of the operator's come beside ours, not instead of them. */
  private void addPlugins() {
    putFirst("spark.plugins", PLUGINS, ",");
  }

  /** The node's own value, and after it what a person set, if anything. */
  private void putFirst(String key, String own, String separator) {
    Optional<Property> chosen = properties.chosen(key);
    properties.put(
        chosen.map(Property::layer).orElse(Layer.NODE),
        key,
        chosen
            .map(Property::value)
            .filter(given -> !given.isBlank())
            .map(given -> own + separator + given)
            .orElse(own));
  }

  private void addTokens() {
    if (settings.runs(Role.THRIFTSERVER) && settings.access().thrift() == AuthMode.TOKEN) {
      properties.put(
          Layer.VARIABLE,
          "spark.sparkappliance.tokenFile",
          settings.paths().secrets().resolve("api-token").toString());
    }
    if (settings.runs(Role.CONNECT) && settings.access().connect() == AuthMode.TOKEN) {
      if (properties.value(CONNECT_TOKEN).isPresent()) {
        problems.add(
            CONNECT_TOKEN,
            "******",
            "the token of Spark Connect is the API token",
            "Give it by API_TOKEN_FILE (or API_TOKEN) and remove the setting; CONNECT_AUTH=none leaves"
                + " the setting to you.");
      }
      properties.put(Layer.VARIABLE, CONNECT_TOKEN, credentials.apiToken().reveal());
    }
  }

  private void addTls() {
    settings
        .access()
        .ssl()
        .ifPresent(
            ssl -> {
              variable("spark.ssl.enabled", "true");
              variable("spark.ssl.keyStore", ssl.keyStore().toString());
              variable("spark.ssl.keyStorePassword", ssl.keyStorePassword().reveal());
              ssl.keyPassword().ifPresent(it -> variable("spark.ssl.keyPassword", it.reveal()));
              ssl.trustStore().ifPresent(it -> variable("spark.ssl.trustStore", it.toString()));
              ssl.trustStorePassword()
                  .ifPresent(it -> variable("spark.ssl.trustStorePassword", it.reveal()));
              variable("spark.ssl.needClientAuth", Boolean.toString(ssl.needClientAuth()));
              variable("spark.ssl.protocol", ssl.protocol());
            });
  }

  private void variable(String key, String value) {
    properties.put(Layer.VARIABLE, key, value);
  }

  private MemoryPlan addMemory() {
    Settings.Memory memory = settings.memory();
    MemoryWish executor = heap("spark.executor.memory", "EXECUTOR_MEMORY", memory.executor());
    MemoryWish driver = heap("spark.driver.memory", "DRIVER_MEMORY", memory.driver());
    MemoryWish daemon =
        memory
            .daemon()
            .map(size -> MemoryWish.set(size, "SPARK_DAEMON_MEMORY"))
            .orElse(MemoryWish.ofDefault(DEFAULT_DAEMON_HEAP));
    Optional<MemoryWish> worker =
        memory.worker().map(size -> MemoryWish.set(size, "SPARK_WORKER_MEMORY"));
    MemoryPlan plan =
        MemoryPlanner.plan(
            total,
            settings.roles(),
            new MemoryPlanner.Wishes(executor, driver, daemon, worker),
            problems);
    planned("spark.executor.memory", executor, plan.executorMemory());
    planned("spark.driver.memory", driver, plan.driverHeap());
    return plan;
  }

  private MemoryWish heap(String key, String variable, Optional<MemorySize> given) {
    if (given.isPresent()) {
      variable(key, given.get().toJvmText());
      return MemoryWish.set(given.get(), variable);
    }
    Optional<MemorySize> configured = properties.value(key).flatMap(text -> size(key, text));
    Optional<Property> chosen = properties.chosen(key);
    if (chosen.isPresent() && configured.isPresent()) {
      return MemoryWish.set(configured.get(), key + " (" + chosen.get().layer().label() + ")");
    }
    return MemoryWish.ofDefault(configured.orElse(DEFAULT_HEAP));
  }

  private Optional<MemorySize> size(String key, String text) {
    OptionalLong bytes = MemorySize.parseBytes(text, 'm');
    if (bytes.isEmpty()) {
      problems.add(
          key,
          text,
          "a size such as 512m or 2g is accepted",
          "Correct it in the file that sets it, or leave it out.");
      return Optional.empty();
    }
    return Optional.of(new MemorySize(bytes.getAsLong()));
  }

  private void planned(String key, MemoryWish wish, MemorySize planned) {
    if (wish.isSet()) {
      return;
    }
    if (properties.value(key).isPresent() && planned.equals(wish.size())) {
      return;
    }
    if (!planned.equals(wish.size())) {
      notices.add(
          key
              + " is "
              + planned
              + " instead of "
              + wish.size()
              + ": this node has "
              + total.toMebibytes()
              + "m for everything.");
    }
    node(key, planned.toJvmText());
  }

  private SortedMap<String, String> environment() {
    Settings.Paths paths = settings.paths();
    SortedMap<String, String> environment = new TreeMap<>();
    environment.put("PYSPARK_PYTHON", paths.python());
    environment.put("PYTHONPATH", paths.data().resolve("python").toString());
    environment.put("SPARK_CONF_DIR", paths.confDir().toString());
    environment.put(
        "SPARK_DIST_CLASSPATH",
        paths.home().resolve("spark-jars") + "/*:" + paths.home().resolve("classpath") + "/*");
    environment.put("SPARK_HOME", paths.sparkHome().toString());
    environment.put("SPARK_LOG_DIR", paths.logs().toString());
    environment.put("SPARK_WORKER_DIR", paths.data().resolve("work").toString());
    settings.network().publicDns().ifPresent(dns -> environment.put("SPARK_PUBLIC_DNS", dns));
    if (NodeConfiguration.isLoopback(host)) {
      environment.put("SPARK_LOCAL_IP", NodeConfiguration.bindHost(host));
    }
    if (!paths.localDirs().isEmpty()) {
      // Spark lets this variable win over spark.local.dir, so it is only there when somebody set
      // it.
      environment.put("SPARK_LOCAL_DIRS", LocalDisks.text(paths.localDirs()));
    }
    return environment;
  }
}
