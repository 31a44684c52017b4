package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * That a program's driver runs on one of the cluster's workers, and how.
 *
 * @param jar URI of the program, as it was sent; every worker can read it
 * @param supervise whether Spark starts the driver again when the program fails or its worker goes
 */
public record ClusterMode(String jar, boolean supervise) {
  /** Name of the file that holds the URI, in the place of an uploaded program. */
  static final String FILE = "application.uri";

  private static final String FIELD = "cluster";
  private static final String DEPLOY_MODE = "deploy_mode";
  private static final String JAR = "jar_uri";
  private static final String CLUSTER = "cluster";

  /** Of files that every worker has at the same place. */
  private static final String LOCAL = "local";

  private static final Set<String> REMOTE =
      Set.of("http", "https", "s3", "s3a", "s3n", "hdfs", "gs", "abfs", "abfss");

  private static final String ACCEPTED =
      "write local:/path for a jar that every worker has there, or a URI that workers can read, such"
          + " as s3a://bucket/key, hdfs://host/path or https://host/path";

  private static final int LONGEST = 1000;

  /** Nothing encoded: Spark takes the last part for the name of a file on the worker. */
  private static final Pattern PATH = Pattern.compile("(?:/[A-Za-z0-9_=@~+-][A-Za-z0-9._=@~+-]*)+");

  /**
   * Reads what a request says about where its driver runs.
   *
   * @param problems takes what is wrong
   * @return empty in client mode, and when it can't be used
   */
  static Optional<ClusterMode> parse(ApplicationRequest.Fields fields, RequestProblems problems) {
    String mode = fields.deployMode().orElse("client");
    if (!isAsked(fields)) {
      if (!mode.equals("client")) {
        problems.add(DEPLOY_MODE, "must be client or cluster");
      }
      if (fields.jarUri().isPresent()) {
        problems.add(JAR, "belongs to deploy_mode cluster; otherwise the program is sent as file");
      }
      if (fields.supervise().isPresent()) {
        problems.add("supervise", "belongs to deploy_mode cluster");
      }
      return Optional.empty();
    }
    fields.fileName().ifPresent(name -> refuseFile(name, problems));
    fields.attachments().stream()
        .map(attachment -> attachment.kind().field())
        .distinct()
        .forEach(
            field ->
                problems.add(
                    field,
                    "can't be sent in cluster mode, where the driver runs on a worker: name URIs in the"
                        + " settings spark.jars and spark.files"));
    if (fields.jarUri().isEmpty()) {
      problems.add(JAR, "is missing: " + ACCEPTED);
      return Optional.empty();
    }
    String jar = fields.jarUri().get();
    Optional<String> wrong = wrong(jar);
    wrong.ifPresent(why -> problems.add(JAR, why));
    return wrong.isPresent()
        ? Optional.empty()
        : Optional.of(new ClusterMode(jar, fields.supervise().orElse(false)));
  }

  /** Whether a request asks for it, be the rest as it may. */
  static boolean isAsked(ApplicationRequest.Fields fields) {
    return fields.deployMode().equals(Optional.of(CLUSTER));
  }

  private static void refuseFile(String name, RequestProblems problems) {
    if (isScript(name)) {
      problems.add(
          DEPLOY_MODE,
          "can't be cluster for programs in Python and R: Spark's own masters run only jars so");
    } else {
      problems.add("file", "can't be sent in cluster mode: name the program by jar_uri instead");
    }
  }

  private static boolean isScript(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".py") || lower.endsWith(".r");
  }

  /** What is wrong with a jar's URI. */
  private static Optional<String> wrong(String jar) {
    if (jar.length() > LONGEST) {
      return Optional.of("is too long: " + LONGEST + " characters at most");
    }
    URI uri;
    try {
      uri = URI.create(jar);
    } catch (IllegalArgumentException malformed) {
      return Optional.of("is no URI: " + ACCEPTED);
    }
    String scheme = Optional.ofNullable(uri.getScheme()).orElse("").toLowerCase(Locale.ROOT);
    boolean local = scheme.equals(LOCAL);
    if (!local && !REMOTE.contains(scheme)) {
      return Optional.of("is nothing that every worker can read: " + ACCEPTED);
    }
    String path = Optional.ofNullable(uri.getRawPath()).orElse("");
    if (isScript(path)) {
      return Optional.of("is no jar: programs in Python and R run in client mode only");
    }
    if (!path.endsWith(".jar")) {
      return Optional.of("must end with .jar");
    }
    // Masters, workers and their logs show it to everybody.
    if (uri.getRawQuery() != null
        || uri.getRawFragment() != null
        || uri.getRawUserInfo() != null
        || String.valueOf(uri.getRawAuthority()).indexOf('%') >= 0) {
      return Optional.of("must have no user, no ? and no #: it is no secret on the cluster");
    }
    boolean named = uri.getRawAuthority() != null && !uri.getRawAuthority().isEmpty();
    // The default file system of Hadoop has its name in its configuration.
    if (local == named && !(scheme.equals("hdfs") && !named)) {
      return Optional.of(
          local ? "must be local:/path, without a host" : "must name a host or a bucket");
    }
    if (!PATH.matcher(path).matches()) {
      return Optional.of(
          "may have letters, digits and ._=@~+- between the slashes of its path, and no part that"
              + " begins with a dot");
    }
    return Optional.empty();
  }

  /** The URI as Spark's workers understand it. */
  String location() {
    // To a worker, local: would be a file system of Hadoop's.
    return jar.regionMatches(true, 0, LOCAL + ":", 0, LOCAL.length() + 1)
        ? "file:" + URI.create(jar).getPath()
        : jar;
  }

  /** The jar's name without folders. */
  String name() {
    return name(jar);
  }

  /** The last part of what a client sent as a URI. */
  public static String name(String uri) {
    return uri.substring(uri.lastIndexOf('/') + 1);
  }

  void write(ObjectNode json) {
    json.putObject(FIELD).put("jar", jar).put("supervise", supervise);
  }

  static Optional<ClusterMode> read(JsonNode json) {
    return Optional.ofNullable(json.get(FIELD))
        .map(
            node ->
                new ClusterMode(
                    node.required("jar").asText(), node.required("supervise").asBoolean()));
  }
}
