package io.sparkappliance.settings;

import io.sparkappliance.settings.Settings.Access;
import io.sparkappliance.settings.Settings.Application;
import io.sparkappliance.settings.Settings.Cluster;
import io.sparkappliance.settings.Settings.Draining;
import io.sparkappliance.settings.Settings.Gateway;
import io.sparkappliance.settings.Settings.LogShipping;
import io.sparkappliance.settings.Settings.Memory;
import io.sparkappliance.settings.Settings.Network;
import io.sparkappliance.settings.Settings.Paths;
import io.sparkappliance.settings.Settings.Ports;
import io.sparkappliance.settings.Settings.Sources;
import io.sparkappliance.settings.Settings.Ssl;
import io.sparkappliance.settings.Settings.Supervision;
import io.sparkappliance.settings.Settings.ZooKeeperServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/** Turns an environment into {@link Settings}, once. */
public final class SettingsReader {
  /** Reads the file that a {@code …_FILE} variable names. */
  @FunctionalInterface
  public interface FileReader {
    /**
     * The whole file as text.
     *
     * @throws IOException when it can't be read
     */
    String read(Path path) throws IOException;
  }

  /**
   * What came out.
   *
   * @param settings the settings
   * @param resolved each variable with its value and origin, in catalogue order
   * @param warnings what the user should know, though the node starts
   */
  public record Result(Settings settings, List<Resolved> resolved, List<String> warnings) {}

  /**
   * Stands for a secret that nobody has looked up: every parser of secrets takes it, so that what
   * is wrong with a reference is told once.
   */
  static final String STAND_IN = "given-by:reference";

  private static final String MASK = "******";

  private final Catalogue catalogue = new Catalogue();
  private final Map<String, String> environment;
  private final FileReader files;
  private final SecretSource secrets;
  private final Problems problems = new Problems();
  private final List<String> warnings = new ArrayList<>();
  private final Map<String, Resolved> resolved = new TreeMap<>();
  private Map<SecretReference, SecretSource.Answer> answers = Map.of();

  private SettingsReader(Map<String, String> environment, FileReader files, SecretSource secrets) {
    this.environment = environment;
    this.files = files;
    this.secrets = secrets;
  }

  /**
   * Reads settings of a node that runs at least one role.
   *
   * @param environment names and values; an empty value counts as not set
   * @param files reads the files that {@code …_FILE} variables name
   * @param secrets is asked once, for all references in secret variables
   * @throws NoRoleException when nothing is wrong, but no role is asked for
   * @throws ConfigurationException with every problem
   */
  public static Result read(
      Map<String, String> environment, FileReader files, SecretSource secrets) {
    return new SettingsReader(environment, files, secrets).read(true);
  }

  /** The same where no secret is given by reference: one that is counts as a problem. */
  public static Result read(Map<String, String> environment, FileReader files) {
    return read(environment, files, SecretSource.NONE);
  }

  /**
   * Reads settings for a command that is a client of the cluster and runs no role of its own.
   *
   * @param environment names and values; an empty value counts as not set
   * @param files reads the files that {@code …_FILE} variables name
   * @param secrets is asked once, for all references in secret variables
   * @throws ConfigurationException with every problem
   */
  public static Result readForClient(
      Map<String, String> environment, FileReader files, SecretSource secrets) {
    return new SettingsReader(environment, files, secrets).read(false);
  }

  /** The same where no secret is given by reference: one that is counts as a problem. */
  public static Result readForClient(Map<String, String> environment, FileReader files) {
    return readForClient(environment, files, SecretSource.NONE);
  }

  private Result read(boolean needsRole) {
    answers = secrets.resolve(references());
    Catalogue c = catalogue;
    Set<Role> roles = roles();
    Path data = require(c.data);
    ZooKeeperServer zooKeeper = zooKeeperServer();
    Settings settings =
        new Settings(
            new Application(require(c.applicationId), get(c.applicationVersion).orElse("")),
            roles,
            new Cluster(
                require(c.clusterSize),
                get(c.masters).orElse(MasterNames.NONE),
                ensemble(zooKeeper)),
            zooKeeper,
            new Network(get(c.advertisedHost), get(c.publicDns), ports(), givenPorts()),
            new Memory(
                get(c.executorMemory),
                get(c.driverMemory),
                get(c.workerMemory),
                get(c.daemonMemory)),
            new Sources(
                get(c.hiveSite),
                get(c.extConf),
                get(c.extJars).orElse(List.of()),
                get(c.pythonLibs).orElse(List.of()),
                get(c.initScripts).orElse(List.of())),
            access(),
            identity(),
            new Gateway(
                require(c.maxUpload),
                require(c.maxQueries),
                require(c.maxApplications),
                new Settings.JobQuotas(
                    require(c.maxQueuedJobs),
                    get(c.maxUserRunningJobs).orElse(Integer.MAX_VALUE),
                    require(c.maxUserQueuedJobs),
                    get(c.maxUserUploads).orElse(Settings.JobQuotas.NO_LIMIT),
                    get(c.maxUserOutputs).orElse(Settings.JobQuotas.NO_LIMIT),
                    require(c.maxJobOutput),
                    require(c.keepJobs),
                    require(c.keepJobsSize)),
                new Settings.NamedSessions(require(c.sqlSessionIdle), require(c.maxUserSessions)),
                jobsDir(data),
                jobsInS3(),
                jobsDatabase(),
                get(c.thriftServer),
                get(c.trustedProxies).orElse(List.of()),
                get(c.submitEnvironment).orElse(new VariableNames(List.of())),
                new Settings.Webhooks(
                    get(c.webhookHosts).orElse(WebhookHosts.NONE),
                    get(c.webhookPrivateNetworks).orElse(List.of()),
                    get(c.webhookSecret)),
                new GatewayTlsReader(catalogue, values(), problems, warnings).read()),
            new Supervision(
                require(c.gracePeriod),
                require(c.readyTimeout),
                require(c.maxRestarts),
                require(c.restartWindow),
                require(c.logFormat)),
            new Draining(require(c.drainOn), require(c.drainTimeout), get(c.lifecycleHook)),
            new Paths(
                require(c.home),
                require(c.sparkHome),
                data,
                require(c.mountedConf),
                get(c.confDir).orElse(data.resolve("conf")),
                get(c.eventLogDir).orElse(data.resolve("events").toString()),
                get(c.logDir)
                    .filter(place -> place.startsWith("/"))
                    .map(Path::of)
                    .orElse(data.resolve("logs")),
                get(c.localDirs).orElse(List.of()),
                require(c.python)),
            logShipping(),
            get(c.emfNamespace),
            sparkProperties());
    // Every variable is read, also one that means nothing yet: its value may be wrong.
    catalogue.all().forEach(this::get);
    new NameCheck(catalogue).check(environment, problems, warnings);
    new Consistency(settings, problems).check();
    boolean noRole = needsRole && roles.isEmpty();
    if (noRole && problems.isEmpty()) {
      throw new NoRoleException();
    }
    problems.throwIfAny();
    List<Resolved> inOrder =
        catalogue.all().stream().map(variable -> resolved.get(variable.name())).toList();
    return new Result(settings, inOrder, List.copyOf(warnings));
  }

  /** Those in variables; what a file says is the secret itself. */
  private Set<SecretReference> references() {
    return catalogue.all().stream()
        .filter(Variable::isSecret)
        .flatMap(variable -> names(variable).stream())
        .map(name -> environment.getOrDefault(name, ""))
        .flatMap(text -> SecretReference.parse(text).stream())
        .collect(Collectors.toSet());
  }

  private Set<Role> roles() {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (Role role : Role.values()) {
      if (get(catalogue.role(role)).orElse(false)) {
        roles.add(role);
      }
    }
    get(catalogue.mode).map(Catalogue.MODES::get).ifPresent(roles::add);
    return roles;
  }

  private ZooKeeperServer zooKeeperServer() {
    Catalogue c = catalogue;
    return new ZooKeeperServer(
        get(c.zookeeperServers).orElse(List.of()),
        get(c.zookeeperId),
        require(c.zookeeperPort),
        require(c.zookeeperQuorumPort),
        require(c.zookeeperElectionPort),
        zooKeeperTls());
  }

  /** The one that is named, else the one whose servers are named. */
  private Optional<ZooKeeperEnsemble> ensemble(ZooKeeperServer server) {
    return get(catalogue.zookeeper)
        .or(
            () ->
                server.servers().isEmpty()
                    ? Optional.empty()
                    : Optional.of(new ZooKeeperEnsemble(server.clientAddresses(), "")))
        .map(it -> it.with(get(catalogue.zookeeperAuth), server.tls()));
  }

  private Optional<ZooKeeperTls> zooKeeperTls() {
    Catalogue c = catalogue;
    ZooKeeperTls tls =
        new ZooKeeperTls(
            get(c.zookeeperTlsKeyStore),
            get(c.zookeeperTlsKeyStorePassword),
            get(c.zookeeperTlsTrustStore),
            get(c.zookeeperTlsTrustStorePassword),
            require(c.zookeeperTlsNeedClientAuth));
    return require(c.zookeeperTls) ? Optional.of(tls) : Optional.empty();
  }

  /** Each place in S3 has records of its own here, as each folder has. */
  private Path jobsDir(Path data) {
    Optional<Path> ofS3 =
        jobsInS3()
            .map(place -> place.replaceFirst("^[^:]*:/*", "").replaceFirst("/$", ""))
            .map(place -> UUID.nameUUIDFromBytes(place.getBytes(StandardCharsets.UTF_8)))
            .map(name -> data.resolve("jobs-in-s3").resolve(name.toString()));
    return ofS3.orElseGet(() -> get(catalogue.jobsDir).map(Path::of).orElse(data.resolve("jobs")));
  }

  private Optional<String> jobsInS3() {
    return get(catalogue.jobsDir).filter(place -> !place.startsWith("/"));
  }

  private Optional<Settings.JobsDatabase> jobsDatabase() {
    Catalogue c = catalogue;
    Optional<String> url = get(c.jobsDatabase);
    String user = require(c.jobsDatabaseUser);
    Optional<Secret> password = get(c.jobsDatabasePassword);
    if (url.isPresent() && get(c.jobsDir).isEmpty()) {
      problems.add(
          c.jobsDatabase.name(),
          url.get(),
          "needs a folder that all gateways see: inputs, outputs and logs of jobs are in no database",
          "Set "
              + c.jobsDir.name()
              + " to a folder that every gateway has mounted (NFS, EFS) or to s3a://bucket/prefix, or leave"
              + " the database out.");
    }
    return url.map(it -> new Settings.JobsDatabase(it, user, password));
  }

  private Ports ports() {
    Catalogue c = catalogue;
    return new Ports(
        require(c.masterPort),
        require(c.masterUiPort),
        get(c.workerPort),
        require(c.workerUiPort),
        require(c.shufflePort),
        require(c.thriftPort),
        require(c.connectPort),
        require(c.historyPort),
        require(c.gatewayPort),
        require(c.notebookPort),
        require(c.managementPort),
        require(c.sqlDriverPort),
        require(c.sqlBlockManagerPort),
        require(c.sqlUiPort));
  }

  /** A default must not beat a setting in a file, and the same value given must. */
  private Set<String> givenPorts() {
    return catalogue.all().stream()
        .filter(variable -> variable.name().endsWith("_PORT") && !find(variable).isEmpty())
        .map(Variable::name)
        .collect(Collectors.toSet());
  }

  private Access access() {
    Catalogue c = catalogue;
    return new Access(
        require(c.apiAuth),
        require(c.thriftAuth),
        require(c.connectAuth),
        get(c.apiToken),
        require(c.showToken),
        get(c.commandPrefix),
        get(c.notebookToken),
        get(c.rpcAuthentication),
        get(c.rpcSecret),
        ssl());
  }

  private Settings.Identity identity() {
    return new IdentityReader(catalogue, values(), problems, warnings).read();
  }

  private IdentityReader.Values values() {
    return new IdentityReader.Values() {
      @Override
      public <T> Optional<T> get(Variable<T> variable) {
        return SettingsReader.this.get(variable);
      }

      @Override
      public <T> T require(Variable<T> variable) {
        return SettingsReader.this.require(variable);
      }

      @Override
      public boolean isGiven(Variable<?> variable) {
        return !find(variable).isEmpty();
      }
    };
  }

  private Optional<Ssl> ssl() {
    Catalogue c = catalogue;
    boolean on = get(c.ssl).orElse(false);
    Optional<Path> keyStore = get(c.sslKeyStore);
    Optional<Secret> password = get(c.sslKeyStorePassword);
    Optional<Secret> keyPassword = get(c.sslKeyPassword);
    Optional<Path> trustStore = get(c.sslTrustStore);
    Optional<Secret> trustStorePassword = get(c.sslTrustStorePassword);
    boolean needClientAuth = require(c.sslNeedClientAuth);
    String protocol = "TLSv" + require(c.sslProtocol).substring("tlsv".length());
    if (!on) {
      return Optional.empty();
    }
    if (keyStore.isEmpty() || password.isEmpty()) {
      problems.add(
          c.ssl.name(),
          "true",
          "needs a key store and its password",
          "Set "
              + c.sslKeyStore.name()
              + " and "
              + c.sslKeyStorePassword.name()
              + " (or "
              + c.sslKeyStorePassword.name()
              + "_FILE), or switch "
              + c.ssl.name()
              + " off.");
      return Optional.empty();
    }
    return Optional.of(
        new Ssl(
            keyStore.get(),
            password.get(),
            keyPassword,
            trustStore,
            trustStorePassword,
            needClientAuth,
            protocol));
  }

  private Optional<LogShipping> logShipping() {
    Duration interval = require(catalogue.logShipInterval);
    return get(catalogue.logDir)
        .filter(place -> !place.startsWith("/"))
        .map(folder -> new LogShipping(folder, interval));
  }

  /** Variables that stand for one Spark setting each, then {@code SPARK_CONF_…}. */
  private Map<String, String> sparkProperties() {
    Catalogue c = catalogue;
    Map<String, String> properties = new TreeMap<>();
    get(c.defaultCores).ifPresent(n -> properties.put("spark.deploy.defaultCores", n.toString()));
    get(c.workerCores).ifPresent(n -> properties.put("spark.worker.cores", n.toString()));
    get(c.rpcEncryption)
        .ifPresent(on -> properties.put("spark.network.crypto.enabled", on.toString()));
    get(c.localStorageEncryption)
        .ifPresent(on -> properties.put("spark.io.encryption.enabled", on.toString()));
    get(c.sslPort).ifPresent(n -> properties.put("spark.ssl.ui.port", n.toString()));
    get(c.metrics).ifPresent(on -> properties.put("spark.ui.prometheus.enabled", on.toString()));
    environment.forEach(
        (name, value) -> {
          boolean isSetting =
              name.startsWith(Catalogue.SPARK_CONF_PREFIX) && !catalogue.names().contains(name);
          if (isSetting && !value.isBlank()) {
            SparkConfVariable.decode(name, value, problems)
                .ifPresent(setting -> put(properties, name, setting, value.strip()));
          }
        });
    return properties;
  }

  /** A setting has one value; of two variables that give it, none is known to be the right one. */
  private void put(Map<String, String> properties, String name, String setting, String value) {
    String before = properties.put(setting, value);
    if (before != null && !before.equals(value)) {
      problems.add(
          name,
          value,
          "another variable gives " + setting + " the value " + before,
          "Set one of them.");
    }
  }

  private static List<String> names(Variable<?> variable) {
    List<String> names = new ArrayList<>();
    names.add(variable.name());
    names.addAll(variable.aliases());
    return names;
  }

  /** A variable that has a default: only a bad value leaves it without one. */
  private <T> T require(Variable<T> variable) {
    return get(variable)
        .or(() -> variable.fallback().flatMap(variable.parser().read()))
        .orElseThrow(
            () -> new IllegalStateException(variable.name() + " has no default in the catalogue"));
  }

  /**
   * A text and where it stood.
   *
   * @param name the variable that had it
   * @param text as the parser takes it
   * @param origin for people
   * @param reference that the text was found by
   */
  private record Found(
      String name, String text, String origin, Optional<SecretReference> reference) {
    Found(String name, String text, String origin) {
      this(name, text, origin, Optional.empty());
    }

    boolean isKnown() {
      return !text.equals(STAND_IN);
    }
  }

  private <T> Optional<T> get(Variable<T> variable) {
    List<Found> found = find(variable);
    if (found.stream().filter(Found::isKnown).map(Found::text).distinct().count() > 1) {
      reportContradiction(variable, found);
    }
    if (found.isEmpty()) {
      String value = variable.fallback().orElse("");
      String origin = variable.fallback().isPresent() ? Resolved.DEFAULT : "not set";
      resolved.put(variable.name(), new Resolved(variable.name(), value, origin));
      return variable.fallback().flatMap(variable.parser().read());
    }
    Found first = found.getFirst();
    String shown = variable.isSecret() ? MASK : withoutLogin(first.text());
    resolved.put(variable.name(), new Resolved(variable.name(), shown, first.origin()));
    Optional<T> value = variable.parser().read().apply(first.text());
    if (value.isEmpty() && first.reference().isPresent()) {
      addOnce(
          new Problem(
              first.name(),
              first.reference().get().toString(),
              "what is kept there " + variable.parser().accepted(),
              "Store another value there, and start again."));
    } else if (value.isEmpty()) {
      addOnce(
          new Problem(
              first.name(),
              shown,
              variable.parser().accepted(),
              "Write, for example, "
                  + variable.name()
                  + "="
                  + variable.parser().example()
                  + ", or leave it out."));
    }
    return value;
  }

  /** Addresses may carry a login, and signed ones their signature. */
  static String withoutLogin(String text) {
    return text.replaceAll("://[^/@\\s,]+@", "://******@")
        .replaceAll("(://[^\\s,?]+)\\?[^\\s,]*", "$1?******");
  }

  private List<Found> find(Variable<?> variable) {
    List<Found> found = new ArrayList<>();
    for (String name : names(variable)) {
      String text = environment.getOrDefault(name, "").strip();
      if (!text.isEmpty() && !isServiceLink(variable, name, text)) {
        String origin = name.equals(variable.name()) ? "environment" : "environment, as " + name;
        found.add(
            variable.isSecret() && SecretReference.isMeant(text)
                ? referenced(name, text, origin)
                : new Found(name, text, origin));
      }
      String fileName = name + Variable.FILE_SUFFIX;
      String file = environment.getOrDefault(fileName, "").strip();
      if (variable.isSecret() && !file.isEmpty()) {
        readFile(fileName, file).ifPresent(found::add);
      }
    }
    return found;
  }

  private Found referenced(String name, String text, String origin) {
    Optional<SecretReference> reference = SecretReference.parse(text);
    if (reference.isEmpty()) {
      addOnce(
          new Problem(
              name,
              MASK,
              "it begins like the reference to a secret, and goes on like none",
              "Write ssm:/name, secretsmanager:name or secretsmanager:name#field. A secret that"
                  + " begins so itself is given by "
                  + name
                  + Variable.FILE_SUFFIX
                  + "."));
      return new Found(name, STAND_IN, origin);
    }
    String known =
        switch (answers.get(reference.get())) {
          case SecretSource.Found found -> found.secret().reveal();
          case SecretSource.NotAsked unknown -> STAND_IN;
          case SecretSource.Failed failed -> {
            addOnce(new Problem(name, reference.get().toString(), failed.what(), failed.remedy()));
            yield STAND_IN;
          }
        };
    return new Found(name, known, origin + ", from " + reference.get(), reference);
  }

  private Optional<Found> readFile(String name, String file) {
    String failure;
    try {
      String text = files.read(Path.of(file)).strip();
      if (!text.isEmpty()) {
        return Optional.of(new Found(name, text, "file " + file));
      }
      failure = "the file is empty";
    } catch (IOException | IllegalArgumentException unreadable) {
      failure = unreadable.getClass().getSimpleName();
    }
    addOnce(
        new Problem(
            name,
            file,
            "must name a readable file with the value in it (" + failure + ")",
            "Mount the file there, readable for the user the container runs as."));
    return Optional.empty();
  }

  /**
   * Kubernetes and Docker links put {@code SPARK_MASTER_PORT=tcp://10.0.0.1:7077} into every
   * container beside a service called {@code spark-master}; nobody wrote that.
   */
  private boolean isServiceLink(Variable<?> variable, String name, String text) {
    boolean link = variable.name().endsWith("_PORT") && text.matches("(tcp|udp)://.*");
    if (link) {
      String warning =
          name
              + "="
              + text
              + " is ignored: it looks like a service link of Kubernetes or Docker, not a port.";
      if (!warnings.contains(warning)) {
        warnings.add(warning);
      }
    }
    return link;
  }

  private void reportContradiction(Variable<?> variable, List<Found> found) {
    addOnce(
        new Problem(
            String.join(" and ", found.stream().map(Found::name).toList()),
            "",
            "must not say different things: they mean the same setting",
            "Keep " + variable.name() + " and leave the other out."));
  }

  private void addOnce(Problem problem) {
    if (!problems.list().contains(problem)) {
      problems.add(problem.field(), problem.value(), problem.accepted(), problem.remedy());
    }
  }
}
