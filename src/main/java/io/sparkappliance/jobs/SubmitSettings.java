package io.sparkappliance.jobs;

import io.sparkappliance.settings.ArgumentText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which of spark-submit's options and of Spark's settings a job may bring. The rule is a list of
 * what is allowed: Spark has too many ways to name a local file, a class to load or another cluster
 * for a list of what is forbidden.
 */
final class SubmitSettings {
  /** Options with a value that has no meaning beyond the job itself. */
  private static final Set<String> PLAIN =
      Set.of(
          "--name",
          "--driver-memory",
          "--driver-cores",
          "--executor-memory",
          "--executor-cores",
          "--total-executor-cores",
          "--num-executors",
          "--packages",
          "--exclude-packages");

  /** Options whose value is a list of files. */
  private static final Set<String> FILES = Set.of("--jars", "--py-files", "--files", "--archives");

  /** Settings whose value is a list of files. */
  private static final Set<String> FILE_SETTINGS =
      Set.of("spark.jars", "spark.submit.pyFiles", "spark.files", "spark.archives");

  /** Why an option that people know is not among the allowed ones. */
  private static final Map<String, String> REFUSED =
      Map.of(
          "--master", "the job runs on this appliance's cluster",
          "--class", "send it as the field main_class",
          "--properties-file", "send its settings with --conf",
          "--proxy-user", "a job runs as the appliance's user",
          "--principal", "a job runs as the appliance's user",
          "--keytab", "a job runs as the appliance's user",
          "--supervise", "it belongs to cluster mode, for which there is POST /api/v1/applications",
          "--repositories", "ask the operator for a repository in spark.jars.repositories",
          "--driver-class-path", "use --jars with a URI",
          "--driver-java-options", "JVM flags are the operator's");

  /**
   * Second parts of settings that are Spark's own: of these only what {@link #isAllowed} takes may
   * be set.
   */
  private static final Set<String> OWN_FAMILIES =
      Set.of(
          ("acls admin api app appmasterenv appstatestore archives authenticate barrier blacklist"
                  + " block blockmanager broadcast buffer cache callstack cdc checkpoint cleaner"
                  + " clonebasedclosurecleaner conf connect cores deadlock decommission default"
                  + " deploy diskstore driver dynamicallocation eventlog excludeonfailure executor"
                  + " executorenv extralisteners file files filesystem graphite graphx hadoop"
                  + " hadooprdd history hive home input internal io jars jobgroup kafka kerberos"
                  + " kryo kryoserializer kubernetes launcher local locality log logconf logging"
                  + " master memory mesos metrics ml mllib modify network pipelines plugins port"
                  + " pyspark python r rdd read redaction reducer repl resource resources"
                  + " resultgetter rpc scheduler security serializer shuffle shutdown sparkappliance"
                  + " sparkr speculation sql ssl stage standalone starvation status storage"
                  + " streaming submit task taskmetrics test testing ui unsafe user util worker yarn")
              .split(" ", -1));

  /** Settings of Spark's own that a job may bring, without {@code spark.} before them. */
  private static final List<String> ALLOWED =
      List.of(
          ("app.name checkpoint.compress cores.max default.parallelism driver.cores"
                  + " driver.maxResultSize driver.memory driver.memoryOverhead"
                  + " driver.memoryOverheadFactor executor.cores executor.heartbeatInterval"
                  + " executor.instances executor.memory executor.memoryOverhead"
                  + " executor.memoryOverheadFactor executor.pyspark.memory jars.excludes"
                  + " jars.packages log.level network.timeout python.profile"
                  + " python.worker.faulthandler.enabled python.worker.memory python.worker.reuse"
                  + " rpc.askTimeout rpc.lookupTimeout rpc.message.maxSize serializer speculation"
                  + " ui.port ui.retainedJobs ui.retainedStages ui.retainedTasks"
                  + " ui.showConsoleProgress")
              .split(" ", -1));

  /** What begins with one of these, and goes on after a dot, may be brought, too. */
  private static final List<String> ALLOWED_BELOW =
      List.of(
          ("broadcast cleaner dynamicAllocation excludeOnFailure graphx hadoop.dfs.client"
                  + " hadoop.fs.s3 hadoop.fs.s3a hadoop.fs.s3n hadoop.mapred hadoop.mapreduce"
                  + " hadoop.parquet io.compression kryo kryoserializer locality memory mllib rdd"
                  + " reducer scheduler serializer shuffle speculation sql stage storage streaming"
                  + " task")
              .split(" ", -1));

  /** Except these: they belong to the node's metastore, warehouse and server. */
  private static final List<String> NOT_BELOW =
      List.of("sql.artifact", "sql.hive.metastore.", "sql.warehouse.");

  /** Variables of executors' environments that are not the operator's. */
  private static final Pattern EXECUTOR_VARIABLE =
      Pattern.compile(
          "executorEnv\\.(?!LD_|JAVA_|JDK_|SPARK_|PYTHON|PYSPARK|PATH$|HOME$|BASH|ENV$|_)"
              + "[A-Z][A-Z0-9_]*");

  private static final Pattern KEY = Pattern.compile("spark\\.[A-Za-z0-9_.\\-]+");

  /** Storage that every node reaches, and that is not this node's disk. */
  private static final Pattern LOCATION =
      Pattern.compile(
          "(?:https?|s3|s3a|s3n|hdfs|gs|abfss?)://[^/\\s,#][^\\s,#]*(?:#[A-Za-z0-9][A-Za-z0-9._-]*)?",
          Pattern.CASE_INSENSITIVE);

  /** What could be the name of a file on this node, wherever in the value it comes. */
  private static final Pattern LOCAL =
      Pattern.compile(
          "(?:^|[\\s,;=:@'\"(])\\s*(?:(?<!:)//|/(?!/)|~|\\.\\.?/)|(?:file|local|jar|localjceks|jceks):|/\\.\\./",
          Pattern.CASE_INSENSITIVE);

  private static final int MAX_PACKAGES = 50;

  private static final Pattern COORDINATES =
      Pattern.compile(
          "[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}"
              + ":[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}");

  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private final String field;
  private final List<String> words;
  private final List<String> checked = new ArrayList<>();
  private int at;

  private SubmitSettings(String field, List<String> words) {
    this.field = field;
    this.words = words;
  }

  /**
   * Checks settings word by word.
   *
   * @param field the form's field, for the error message
   * @param text options as spark-submit takes them; {@code spark.key=value} alone counts as {@code
   *     --conf spark.key=value}
   * @return the same as arguments for spark-submit, options and values apart
   * @throws InvalidRequestException when one is not allowed, with the reason
   */
  static List<String> parse(String field, String text) {
    return new SubmitSettings(field, words(field, text)).check();
  }

  /**
   * Reads a setting that comes by name.
   *
   * @return arguments for spark-submit, option and value apart
   * @throws InvalidRequestException when it is not allowed, with the reason
   */
  static List<String> parse(Map.Entry<String, String> setting) {
    return new SubmitSettings(
            "settings", List.of("--conf", setting.getKey() + "=" + setting.getValue()))
        .check();
  }

  /**
   * Reads Maven coordinates.
   *
   * @param problems takes what is wrong
   * @return arguments for spark-submit, option and value apart
   */
  static List<String> packages(List<String> packages, RequestProblems problems) {
    packages.stream()
        .filter(text -> !COORDINATES.matcher(text).matches())
        .forEach(
            text ->
                problems.add(
                    "packages",
                    "'"
                        + shorten(text)
                        + "' are no Maven coordinates: write group:artifact:version"));
    if (packages.size() > MAX_PACKAGES) {
      problems.add("packages", "are too many: " + MAX_PACKAGES + " at most");
    }
    return packages.isEmpty() ? List.of() : List.of("--packages", String.join(",", packages));
  }

  /**
   * Splits a field as a shell would.
   *
   * @param field the form's field, for the error message
   * @param text what was sent; may be empty
   * @throws InvalidRequestException when it can't be split, with the reason
   */
  static List<String> words(String field, String text) {
    try {
      return ArgumentText.split(text);
    } catch (IllegalArgumentException broken) {
      throw new InvalidRequestException(field, broken.getMessage());
    }
  }

  private List<String> check() {
    while (at < words.size()) {
      String word = words.get(at++);
      if (word.startsWith("-")) {
        option(word);
      } else if (word.startsWith("spark.") && word.contains("=")) {
        setting(word);
      } else {
        throw refusal(
            word, "is neither an option such as --executor-memory 1g nor spark.key=value");
      }
    }
    return List.copyOf(checked);
  }

  private void option(String word) {
    int equals = word.indexOf('=');
    boolean inOneWord = word.startsWith("--") && equals > 0;
    String name = inOneWord ? word.substring(0, equals) : word;
    if (!isKnown(name)) {
      throw refusal(
          name, "is not allowed: " + REFUSED.getOrDefault(name, "the gateway does not know it"));
    }
    String value = inOneWord ? word.substring(equals + 1) : next(name);
    switch (name) {
      case "--conf", "-c" -> setting(value);
      case "--deploy-mode" -> {
        if (!value.equals("client")) {
          throw refusal(
              name, "can only be client here; for cluster mode there is POST /api/v1/applications");
        }
      }
      default -> {
        if (FILES.contains(name)) {
          files(name, value);
        } else {
          plain(name, value);
        }
        checked.add(name);
        checked.add(value);
      }
    }
  }

  private static boolean isKnown(String name) {
    return PLAIN.contains(name)
        || FILES.contains(name)
        || name.equals("--conf")
        || name.equals("-c")
        || name.equals("--deploy-mode");
  }

  private String next(String name) {
    if (at == words.size()) {
      throw refusal(name, "needs a value");
    }
    return words.get(at++);
  }

  private void setting(String assignment) {
    int equals = assignment.indexOf('=');
    if (equals < 0) {
      throw refusal(assignment, "is no setting: write --conf spark.key=value");
    }
    String key = assignment.substring(0, equals);
    String value = assignment.substring(equals + 1);
    if (!KEY.matcher(key).matches()) {
      throw refusal(key, "is no Spark setting: its name has to begin with spark.");
    }
    if (FILE_SETTINGS.contains(key)) {
      files(key, value);
    } else {
      String family = key.split("\\.", -1)[1].toLowerCase(Locale.ROOT);
      if (OWN_FAMILIES.contains(family) && !isAllowed(key.substring("spark.".length()))) {
        throw refusal(
            key, "is not among the settings that a job may bring; the operator can set it");
      }
      plain(key, value);
    }
    checked.add("--conf");
    checked.add(key + "=" + value);
  }

  private static boolean isAllowed(String setting) {
    boolean below =
        ALLOWED_BELOW.stream()
            .anyMatch(
                family ->
                    setting.startsWith(family + ".") && setting.length() > family.length() + 1);
    return ALLOWED.contains(setting)
        || (below && NOT_BELOW.stream().noneMatch(setting::startsWith))
        || EXECUTOR_VARIABLE.matcher(setting).matches();
  }

  /** The rule for people, as the manual has it. */
  static String manual() {
    return """
        | | |
        |---|---|
        | options | %s |
        | options with URIs | %s |
        | settings with URIs | %s |
        | settings | %s |
        | whatever begins with | %s |
        | but not with | %s |
        """
        .formatted(
            words("", PLAIN.stream(), ""),
            words("", FILES.stream(), ""),
            words("", FILE_SETTINGS.stream(), ""),
            words("spark.", ALLOWED.stream(), ""),
            words("spark.", ALLOWED_BELOW.stream(), "."),
            words("spark.", NOT_BELOW.stream(), ""));
  }

  private static String words(String before, Stream<String> words, String after) {
    return words
        .sorted()
        .map(word -> "`" + before + word + after + "`")
        .collect(Collectors.joining(", "));
  }

  private void files(String name, String value) {
    for (String location : value.split(",", -1)) {
      if (!LOCATION.matcher(location.strip()).matches()) {
        throw refusal(
            name,
            "takes URIs such as s3a://bucket/key or https://host/path only, no files of this node:"
                + " '"
                + shorten(location)
                + "'");
      }
    }
    noControl(name, value);
  }

  private void plain(String name, String value) {
    noControl(name, value);
    if (value.startsWith("-") && name.startsWith("--")) {
      throw refusal(name, "needs a value; '" + shorten(value) + "' looks like an option");
    }
    if (LOCAL.matcher(value).find()) {
      throw refusal(name, "must not name a file of this node: '" + shorten(value) + "'");
    }
  }

  private void noControl(String name, String value) {
    if (CONTROL.matcher(value).find()) {
      throw refusal(name, "has a control character in its value");
    }
  }

  private InvalidRequestException refusal(String what, String why) {
    return new InvalidRequestException(field, "'" + shorten(what) + "' " + why);
  }

  private static String shorten(String text) {
    String safe = CONTROL.matcher(text).replaceAll("?");
    return safe.length() <= 80 ? safe : safe.substring(0, 80) + "…";
  }
}
