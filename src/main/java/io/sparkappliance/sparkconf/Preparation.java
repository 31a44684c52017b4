package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.storage.AtomicFiles;
import io.sparkappliance.storage.FetchLimits;
import io.sparkappliance.storage.Fetcher;
import io.sparkappliance.storage.FileTrees;
import io.sparkappliance.storage.Locations;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * From settings to a node that daemons can be started on: fetches, installs, writes the files of
 * {@code SPARK_CONF_DIR}. Or, as {@link #plan}, says what it would do.
 */
public final class Preparation {
  private static final String COPIED = ".mounted";
  private static final String DEFAULTS = "spark-defaults.conf";
  private static final String HIVE_SITE = "hive-site.xml";

  /** Files that the mounted configuration replaces as a whole. */
  private static final List<String> REPLACED_AS_A_WHOLE =
      List.of("log4j2.properties", "metrics.properties");

  private static final String SPARK_ENV = "spark-env.sh";

  private final Settings settings;
  private final Credentials credentials;
  private final String host;
  private final MemorySize total;
  private final Map<String, String> environment;
  private final Outside outside;
  private final FetchLimits limits;
  private final boolean isClient;
  private final Problems problems = new Problems();
  private final List<String> notices = new ArrayList<>();

  private Preparation(
      Settings settings,
      Credentials credentials,
      String host,
      MemorySize total,
      Outside outside,
      FetchLimits limits,
      boolean isClient) {
    this.isClient = isClient;
    this.settings = settings;
    this.credentials = credentials;
    this.host = host;
    this.total = total;
    this.outside = outside;
    this.environment = outside.environment();
    this.limits = limits;
  }

  /**
   * Fetches what the settings name, installs Python packages and writes the configuration. Can be
   * called again: what is there already is replaced, packages only when they differ.
   *
   * @param settings what the environment says
   * @param credentials the secrets in force
   * @param host address under which peers reach this node
   * @param total memory of the node, see {@link NodeMemory}
   * @param outside where files and secrets come from
   * @return what daemons are started with
   * @throws ConfigurationException with every problem found; daemons must not start then
   */
  public static NodeConfiguration prepare(
      Settings settings, Credentials credentials, String host, MemorySize total, Outside outside) {
    return prepare(settings, credentials, host, total, outside, FetchLimits.DEFAULT);
  }

  static NodeConfiguration prepare(
      Settings settings,
      Credentials credentials,
      String host,
      MemorySize total,
      Outside outside,
      FetchLimits limits) {
    return new Preparation(settings, credentials, host, total, outside, limits, false).prepare();
  }

  /**
   * The same for a command that is a client of the cluster. A node may live on the same data
   * volume, so whatever a client fetches or installs goes beside its own configuration. Packages
   * that the node has installed are the client's, too; those that it wishes itself come first, and
   * aren't installed again where the node was given the same wishes.
   *
   * @param settings what the environment says
   * @param credentials the secrets in force
   * @param host address under which workers reach this client
   * @param total memory of the machine, see {@link NodeMemory}
   * @param outside where files and secrets come from
   * @return what was written
   * @throws ConfigurationException with every problem found
   */
  public static NodeConfiguration prepareClient(
      Settings settings, Credentials credentials, String host, MemorySize total, Outside outside) {
    return prepareClient(settings, credentials, host, total, outside, FetchLimits.DEFAULT);
  }

  static NodeConfiguration prepareClient(
      Settings settings,
      Credentials credentials,
      String host,
      MemorySize total,
      Outside outside,
      FetchLimits limits) {
    return new Preparation(settings, credentials, host, total, outside, limits, true).prepare();
  }

  /**
   * What {@link #prepare} would return, without fetching, installing or writing: local files are
   * read, and a notice names each remote one. Secrets by reference are not looked up.
   *
   * @param settings what the environment says
   * @param credentials the secrets in force, or stand-ins for those not generated yet
   * @param host address under which peers reach this node
   * @param total memory of the node, see {@link NodeMemory}
   * @param environment this process's environment: which keys and region AWS's SDK would find
   * @throws ConfigurationException with every problem that shows without fetching
   */
  public static NodeConfiguration plan(
      Settings settings,
      Credentials credentials,
      String host,
      MemorySize total,
      Map<String, String> environment) {
    Outside outside = Outside.notAsked(environment);
    return new Preparation(settings, credentials, host, total, outside, FetchLimits.DEFAULT, false)
        .plan();
  }

  private NodeConfiguration prepare() {
    Optional<Path> extConf;
    Optional<Path> hiveSite;
    List<Path> jars;
    Path fetched = fetched();
    try (Fetcher fetcher = new Fetcher(environment, limits, outside.role())) {
      extConf =
          fetch(fetcher, "EXT_CONF", settings.sources().extConf(), fetched.resolve("ext.conf"));
      hiveSite =
          fetch(
              fetcher, "HIVE_SITE_XML", settings.sources().hiveSite(), fetched.resolve(HIVE_SITE));
      jars = jarTargets();
      if (!isClient) {
        removeOthers(fetched.resolve("jars"), jars);
        emptyTemporary();
      }
      for (int i = 0; i < jars.size(); i++) {
        String location = settings.sources().extJars().get(i);
        fetch(fetcher, "EXT_JARS", Optional.of(location), jars.get(i))
            .ifPresent(jar -> checkJar(location, jar));
      }
    }
    NodeConfigurationBuilder.Result result = build(extConf, hiveSite, jars);
    problems.throwIfAny();
    List<String> warnings = new ArrayList<>();
    if (!isClient) {
      warnings.addAll(makeEventLogFolder(result.configuration()));
    }
    try {
      installPythonLibraries(warnings);
      makeDirectories(result.configuration());
      if (!isClient) {
        makeLogDirectory();
      }
      write(result);
    } catch (IOException e) {
      throw cantWrite(e);
    }
    return result.configuration().with(warnings);
  }

  /** Beside a client's configuration, for what a node has fetched is in use. */
  private Path fetched() {
    return isClient ? settings.paths().confDir().resolve("fetched") : settings.paths().fetched();
  }

  private Path clientsPython() {
    return settings.paths().confDir().resolve("python");
  }

  private PythonLibraries python(Path directory) {
    return new PythonLibraries(settings.paths().python(), directory, environment);
  }

  private void installPythonLibraries(List<String> warnings) throws IOException {
    PythonLibraries nodes = python(settings.paths().data().resolve("python"));
    if (!isClient) {
      nodes.removeLeftovers();
    }
    Settings.Sources sources = settings.sources();
    FetchedSources.Kept files =
        FetchedSources.keep(
            "PYTHON_LIBS",
            sources.requirementFiles(),
            fetched().resolve("python"),
            outside,
            limits);
    PythonLibraries libraries = nodes;
    if (isClient) {
      PythonLibraries own = python(clientsPython());
      boolean isServed =
          (sources.requirements().isEmpty() && files.files().isEmpty())
              || (files.areAllThere() && nodes.areInstalled(sources.requirements(), files.files()));
      if (isServed && files.problems().isEmpty()) {
        // What it had before would come before the node's.
        own.install(List.of(), List.of());
        return;
      }
      libraries = isServed ? nodes : own;
    }
    if (files.problems().isEmpty()) {
      libraries.install(sources.requirements(), files.files());
      return;
    }
    if (!files.areAllThere() || !libraries.areInstalled(sources.requirements(), files.files())) {
      throw new ConfigurationException(files.problems());
    }
    for (Problem problem : files.problems()) {
      warnings.add(
          "warning: %s=%s: %s; goes on with the packages that are installed, for what it said before"
              .formatted(problem.field(), problem.value(), problem.accepted()));
    }
  }

  /** Best effort: S3A's settings may lead where the launcher's client does not come. */
  private List<String> makeEventLogFolder(NodeConfiguration configuration) {
    boolean written =
        settings.runsSqlDriver()
            || settings.runs(Role.GATEWAY)
            || settings.runs(Role.HISTORYSERVER);
    if (!written) {
      return List.of();
    }
    try (Fetcher fetcher = new Fetcher(asS3a(configuration), limits, outside.role())) {
      fetcher.makeFolder("EVENT_LOG_DIR", configuration.value("spark.eventLog.dir").orElseThrow());
      return List.of();
    } catch (ConfigurationException cannot) {
      return List.of(
          "warning: where event logs go could not be looked at; if the folder is missing, applications don't start: "
              + cannot.problems().getFirst().accepted());
    }
  }

  /** Where S3 is, and the keys if there are any, by the names that AWS's SDK has for them. */
  private Map<String, String> asS3a(NodeConfiguration configuration) {
    Map<String, String> seen = new HashMap<>(environment);
    Map.of(
            "endpoint", "AWS_ENDPOINT_URL_S3",
            "access.key", "AWS_ACCESS_KEY_ID",
            "secret.key", "AWS_SECRET_ACCESS_KEY",
            "session.token", "AWS_SESSION_TOKEN")
        .forEach(
            (key, name) ->
                configuration
                    .value("spark.hadoop.fs.s3a." + key)
                    .filter(value -> !key.equals("endpoint") || value.contains("://"))
                    .ifPresent(value -> seen.put(name, value)));
    return seen;
  }

  private NodeConfiguration plan() {
    Optional<Path> extConf = localOnly("EXT_CONF", settings.sources().extConf());
    Optional<Path> hiveSite = localOnly("HIVE_SITE_XML", settings.sources().hiveSite());
    NodeConfiguration configuration = build(extConf, hiveSite, jarTargets()).configuration();
    problems.throwIfAny();
    return configuration;
  }

  private NodeConfigurationBuilder.Result build(
      Optional<Path> extConf, Optional<Path> hiveSite, List<Path> jars) {
    Settings.Paths paths = settings.paths();
    ConfigurationSources sources =
        new ConfigurationSources(
            properties(
                Optional.of(paths.home().resolve("conf").resolve(DEFAULTS)), "shipped conf/"),
            properties(Optional.of(paths.mountedConf().resolve(DEFAULTS)), mountedName(DEFAULTS)),
            properties(extConf, "EXT_CONF"),
            hiveSite(paths.mountedConf().resolve(HIVE_SITE), mountedName(HIVE_SITE))
                .overriddenBy(
                    hiveSite.map(file -> hiveSite(file, "HIVE_SITE_XML")).orElse(HiveSite.EMPTY)),
            jars,
            NativeLibraries.javaOptions(
                List.of(paths.home().resolve("native"), paths.sparkHome().resolve("native"))),
            StartupCache.of(paths.sparkHome()),
            ObjectStoreFacts.of(hasCommitters(), environment),
            outside.secrets(),
            LocalDisks.ofThisMachine(),
            notices);
    return NodeConfigurationBuilder.build(settings, credentials, host, total, sources, problems);
  }

  private String mountedName(String file) {
    return settings.paths().mountedConf().resolve(file).toString();
  }

  private Optional<Path> fetch(
      Fetcher fetcher, String variable, Optional<String> location, Path target) {
    try {
      return location.map(from -> fetcher.fetch(variable, from, target));
    } catch (ConfigurationException e) {
      e.problems().forEach(this::add);
      return Optional.empty();
    }
  }

  private void add(Problem problem) {
    problems.add(problem.field(), problem.value(), problem.accepted(), problem.remedy());
  }

  private Optional<Path> localOnly(String variable, Optional<String> location) {
    if (location.isEmpty() || Locations.isLocal(location.get())) {
      return location.map(Preparation::localPath);
    }
    notices.add(
        variable
            + "="
            + Locations.redact(location.get())
            + " is fetched at start: what it says is not part of this plan.");
    return Optional.empty();
  }

  private static Path localPath(String location) {
    return Locations.scheme(location).isEmpty() ? Path.of(location) : Path.of(URI.create(location));
  }

  /** Where each of EXT_JARS goes; equal names from different places are told apart. */
  private List<Path> jarTargets() {
    List<Path> targets = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String location : settings.sources().extJars()) {
      String name = Locations.fileName(location);
      String unique = name;
      for (int i = 2; !names.add(unique); i++) {
        unique = i + "-" + name;
      }
      targets.add(fetched().resolve("jars").resolve(unique));
    }
    return targets;
  }

  /** Jars of an earlier start that nobody asks for any more, and downloads that were cut off. */
  private void removeOthers(Path directory, List<Path> kept) {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        if (!kept.contains(file)) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw cantWrite(e);
    }
  }

  /** A login page saved as a jar makes every later error message a riddle. */
  private void checkJar(String location, Path jar) {
    byte[] start;
    try (InputStream in = Files.newInputStream(jar)) {
      start = in.readNBytes(2);
    } catch (IOException e) {
      throw cantWrite(e);
    }
    if (start.length < 2 || start[0] != 'P' || start[1] != 'K') {
      problems.add(
          "EXT_JARS",
          Locations.redact(location),
          "what was fetched is no jar",
          "Check the location; a server may have answered with an error or login page.");
    }
  }

  private PropertiesFile properties(Optional<Path> file, String name) {
    return file.flatMap(path -> read(path, name))
        .map(text -> PropertiesFile.parse(text, name, problems))
        .orElse(PropertiesFile.EMPTY);
  }

  private HiveSite hiveSite(Path file, String name) {
    return read(file, name)
        .map(text -> HiveSite.parse(text, name, problems))
        .orElse(HiveSite.EMPTY);
  }

  /** The text of a file that may be missing only where nobody named it. */
  private Optional<String> read(Path file, String name) {
    boolean named = name.equals("EXT_CONF") || name.equals("HIVE_SITE_XML");
    if (!named && !Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readString(file));
    } catch (MalformedInputException e) {
      problems.add(name, file.toString(), "it is not UTF-8 text", "Save it as UTF-8.");
    } catch (IOException e) {
      problems.add(
          name,
          file.toString(),
          Files.exists(file) ? "it can't be read" : "there is no such file",
          "Check the path, and that the user the appliance runs as may read it.");
    }
    return Optional.empty();
  }

  private boolean hasCommitters() {
    Path directory = settings.paths().home().resolve("spark-jars");
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(directory, "spark-hadoop-cloud_*.jar")) {
      return jars.iterator().hasNext();
    } catch (IOException e) {
      throw cantWrite(e);
    }
  }

  /** Killed daemons leave files there. One that can't be removed is no reason not to start. */
  private void emptyTemporary() {
    Path temporary = settings.paths().temporary();
    try {
      FileTrees.empty(temporary);
    } catch (IOException failure) {
      notices.add(temporary + " can't be emptied: " + failure);
    }
  }

  private void makeDirectories(NodeConfiguration configuration) throws IOException {
    Settings.Paths paths = settings.paths();
    for (String name : List.of("home/.ivy2", "local", "python", "scratch/local", "work")) {
      Files.createDirectories(paths.data().resolve(name));
    }
    Files.createDirectories(paths.temporary());
    // An application fails when the directory of its event log is not there.
    for (String key : List.of("spark.eventLog.dir", "spark.history.fs.logDirectory")) {
      String location = configuration.value(key).orElseThrow();
      if (Locations.isLocal(location)) {
        Files.createDirectories(localPath(location));
      }
    }
  }

  /** LOG_DIR may name a place that belongs to somebody else. */
  private void makeLogDirectory() throws IOException {
    Path logs = settings.paths().logs();
    if (logs.startsWith(settings.paths().data())) {
      Files.createDirectories(logs);
      return;
    }
    try {
      Files.createDirectories(logs);
      if (!Files.isWritable(logs)) {
        throw new AccessDeniedException(logs.toString());
      }
    } catch (IOException e) {
      throw new ConfigurationException(
          new Problem(
              "LOG_DIR",
              logs.toString(),
              "log files can't be written there: " + e,
              "Make the directory writable for the user the appliance runs as."));
    }
  }

  private void write(NodeConfigurationBuilder.Result result) throws IOException {
    Path directory = settings.paths().confDir();
    NodeConfiguration configuration = result.configuration();
    removeWhatWasMounted(directory);
    copyMounted(directory);
    for (String name : REPLACED_AS_A_WHOLE) {
      Path mounted = settings.paths().mountedConf().resolve(name);
      Path shipped = settings.paths().home().resolve("conf").resolve(name);
      boolean own = Files.exists(mounted);
      AtomicFiles.write(
          directory.resolve(name),
          Files.readString(own ? mounted : shipped),
          // Whatever an operator writes there is for this node.
          own ? "rw-------" : "rw-r--r--");
    }
    AtomicFiles.write(
        directory.resolve(SPARK_ENV),
        SparkEnvFile.render(shellEnvironment(configuration)),
        "rw-r--r--");
    AtomicFiles.write(directory.resolve(HIVE_SITE), result.hiveSite().render(), "rw-------");
    AtomicFiles.write(
        directory.resolve(DEFAULTS),
        SparkDefaultsFile.render(configuration.properties()),
        "rw-------");
  }

  private SortedMap<String, String> shellEnvironment(NodeConfiguration configuration) {
    SortedMap<String, String> variables = new TreeMap<>(configuration.environment());
    if (isClient) {
      variables.merge("PYTHONPATH", clientsPython().toString(), (nodes, own) -> own + ":" + nodes);
    }
    return variables;
  }

  /** What an earlier start copied must not outlive the mount. */
  private void removeWhatWasMounted(Path directory) throws IOException {
    Path list = directory.resolve(COPIED);
    if (Files.exists(list)) {
      for (String name : Files.readAllLines(list)) {
        Files.deleteIfExists(directory.resolve(Path.of(name).getFileName()));
      }
    }
  }

  /** Whatever else an operator mounted, such as core-site.xml or fairscheduler.xml. */
  private void copyMounted(Path directory) throws IOException {
    Path mounted = settings.paths().mountedConf();
    StringBuilder copied = new StringBuilder();
    if (Files.isDirectory(mounted)) {
      copy(mounted, directory, copied);
    }
    if (copied.isEmpty()) {
      Files.deleteIfExists(directory.resolve(COPIED));
    } else {
      AtomicFiles.write(directory.resolve(COPIED), copied.toString(), "rw-------");
    }
  }

  private static void copy(Path mounted, Path directory, StringBuilder copied) throws IOException {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(mounted, "*.{xml,properties,conf}")) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (Files.isRegularFile(file) && !name.equals(DEFAULTS) && !name.equals(HIVE_SITE)) {
          AtomicFiles.write(directory.resolve(name), Files.readString(file), "rw-------");
          copied.append(name).append('\n');
        }
      }
    }
  }

  private ConfigurationException cantWrite(IOException e) {
    return new ConfigurationException(
        new Problem(
            "SPARK_APPLIANCE_DATA",
            settings.paths().data().toString(),
            "the node's configuration can't be written there: " + e,
            "Make the directory writable for the user the appliance runs as, and check that it has"
                + " space."));
  }
}
