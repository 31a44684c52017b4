package io.sparkappliance.gateway;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which of Spark's web pages somebody may look at: those of one process, or of one application in
 * the history server.
 *
 * @param kind whose pages
 * @param name id of the worker or the application, host of the master; empty: the master that
 *     leads, or the whole history server
 */
record SparkPage(Kind kind, Optional<String> name) {
  /** Whose pages. */
  enum Kind {
    /** A master's. */
    MASTER,
    /** A worker's, through the master that leads. */
    WORKER,
    /** A running application's, that is its driver's, through the master that leads. */
    APPLICATION,
    /** The history server's. */
    HISTORY
  }

  /** What Spark's ids and hosts are made of. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:\\[\\]-]{1,200}");

  static final SparkPage MASTER = new SparkPage(Kind.MASTER, Optional.empty());
  static final SparkPage HISTORY = new SparkPage(Kind.HISTORY, Optional.empty());

  static SparkPage of(Kind kind, String name) {
    return new SparkPage(kind, Optional.of(name));
  }

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /** Reads what {@link #toString} wrote. */
  static Optional<SparkPage> parse(String text) {
    List<String> parts = List.of(text.split("/", 2));
    try {
      Kind kind = Kind.valueOf(parts.getFirst().toUpperCase(Locale.ROOT));
      return parts.size() == 1
          ? Optional.of(new SparkPage(kind, Optional.empty()))
          : Optional.of(of(kind, parts.get(1))).filter(page -> isName(parts.get(1)));
    } catch (IllegalArgumentException ofAnotherVersion) {
      return Optional.empty();
    }
  }

  /** Text for {@link #parse}. */
  @Override
  public String toString() {
    String word = kind.name().toLowerCase(Locale.ROOT);
    return name.map(it -> word + "/" + it).orElse(word);
  }

  /** Whether Spark's own process writes what is on it, and no program of somebody's. */
  boolean isSparksOwn() {
    return kind == Kind.MASTER || kind == Kind.WORKER;
  }

  /**
   * The folder below which the gateway shows it. Scripts of Spark look for {@code proxy} in
   * addresses, and take what follows for the id of an application, or for the address of a process.
   */
  String folder() {
    return kind == Kind.MASTER ? PROXY : PAGES;
  }

  static final String PROXY = "/ui/proxy/";
  static final String PAGES = "/ui/pages/";

  private static final Pattern PASS = Pattern.compile("^(" + PAGES + "|" + PROXY + ")[^/]+");

  /** An address as logs can hold it: who reads them is given no pass. */
  static String withoutPass(String path) {
    return PASS.matcher(path).replaceFirst("$1*");
  }

  /**
   * Whether a path of the process that is asked belongs to it.
   *
   * @param path begins with a slash
   */
  boolean has(String path) {
    return switch (kind) {
      case MASTER -> !isBelow(path, "/proxy");
      case WORKER, APPLICATION -> isBelow(path, start()) || isBelow(path, "/static");
      case HISTORY ->
          name.isEmpty()
              || isBelow(path, start())
              || isBelow(path, "/api/v1/applications/" + name.get())
              || isBelow(path, "/static");
    };
  }

  /** Where its first page is, without a slash at the end. */
  String start() {
    return switch (kind) {
      case MASTER -> "";
      case WORKER, APPLICATION -> "/proxy/" + name.orElseThrow();
      case HISTORY -> name.map(id -> "/history/" + id).orElse("");
    };
  }

  private static boolean isBelow(String path, String folder) {
    return path.equals(folder) || path.startsWith(folder + "/");
  }

  /** The address at which people ask for it, before they have a pass. */
  String entry() {
    return switch (kind) {
      case MASTER -> name.map(host -> "/ui/masters/" + host).orElse("/ui/master");
      case WORKER -> "/ui/workers/" + name.orElseThrow();
      case APPLICATION -> "/ui/applications/" + name.orElseThrow();
      case HISTORY -> name.map(id -> "/ui/history/" + id).orElse("/ui/history");
    };
  }
}
