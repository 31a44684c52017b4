package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Role;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.Settings.AuthMode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Completes the user's {@code hive-site.xml}: an embedded metastore where none is named, and what
 * the thrift server needs. The user's keys win, with one exception: while {@code THRIFT_AUTH} is
 * {@code token} no file may open the thrift server or choose another login, because it would do so
 * unnoticed.
 */
final class HiveServerSettings {
  private static final String AUTHENTICATION = "hive.server2.authentication";
  private static final String PROVIDER = "hive.server2.custom.authentication.class";
  private static final String PROVIDER_CLASS = "io.sparkappliance.spark.TokenPasswordProvider";
  private static final Set<String> OPEN = Set.of("NONE", "NOSASL", "");
  private static final String CONNECTION_URL = "javax.jdo.option.ConnectionURL";
  private static final String METASTORE_URIS = "hive.metastore.uris";

  private final Settings settings;
  private final HiveSite user;
  private final SparkProperties properties;

  HiveServerSettings(Settings settings, HiveSite user, SparkProperties properties) {
    this.settings = settings;
    this.user = user;
    this.properties = properties;
  }

  /** Whether tables are kept in Derby files of this node, which one process at a time can open. */
  boolean hasEmbeddedMetastore() {
    return given(CONNECTION_URL).orElse("").startsWith("jdbc:derby:;")
        || (given(CONNECTION_URL).isEmpty() && given(METASTORE_URIS).isEmpty());
  }

  /** Where the user's Hive configuration says tables are; Spark heeds it when nothing else does. */
  boolean namesWarehouse() {
    return given("hive.metastore.warehouse.dir").isPresent();
  }

  /**
   * All properties of the file to write.
   *
   * @param thriftPort the port in force
   * @param bindHost address to listen on
   * @param problems gets keys that would silently change who may log in
   * @param notices gets what was overruled
   */
  HiveSite complete(int thriftPort, String bindHost, Problems problems, List<String> notices) {
    Path data = settings.paths().data();
    SortedMap<String, String> site = new TreeMap<>();
    if (given(CONNECTION_URL).isEmpty() && given(METASTORE_URIS).isEmpty()) {
      site.put(
          CONNECTION_URL,
          "jdbc:derby:;databaseName=" + data.resolve("metastore_db") + ";create=true");
      site.put("datanucleus.schema.autoCreateAll", "true");
      site.put("hive.metastore.schema.verification", "false");
    }
    // The default, /tmp/hive, belongs to whoever came first on a machine with several users.
    site.put("hive.exec.scratchdir", data.resolve("scratch").toString());
    site.put("hive.exec.local.scratchdir", data.resolve("scratch/local").toString());
    // Spark writes nothing into a session's operation log, but fails to make its file, once a
    // query.
    site.put("hive.server2.logging.operation.enabled", "false");
    // Queries run as the server's user: there are no accounts for the users' names here.
    site.put("hive.server2.enable.doAs", "false");
    site.put("hive.server2.thrift.bind.host", bindHost);
    site.put("hive.server2.thrift.port", Integer.toString(thriftPort));
    site.putAll(user.properties());
    site.put("hive.server2.thrift.port", Integer.toString(thriftPort));
    if (settings.runs(Role.THRIFTSERVER) && settings.access().thrift() == AuthMode.TOKEN) {
      guardLogin(problems, notices);
      site.put(AUTHENTICATION, "CUSTOM");
      site.put(PROVIDER, PROVIDER_CLASS);
    }
    return new HiveSite(site);
  }

  private void guardLogin(Problems problems, List<String> notices) {
    String wanted = user.properties().getOrDefault(AUTHENTICATION, "").strip();
    if (OPEN.contains(wanted.toUpperCase(Locale.ROOT))) {
      if (!wanted.isEmpty()) {
        notices.add(
            "hive-site.xml says "
                + AUTHENTICATION
                + "="
                + wanted
                + ", but THRIFT_AUTH=token wins: JDBC clients need the token. THRIFT_AUTH=none opens the"
                + " thrift server.");
      }
    } else if (!isOurs(wanted)) {
      problems.add(
          "hive-site.xml, " + AUTHENTICATION,
          wanted,
          "THRIFT_AUTH=token (the default) checks logins itself",
          "Set THRIFT_AUTH=none to let hive-site.xml choose how users log in, or remove the key.");
    }
    // Spark hands these to Hive, and they would win over the file.
    for (String prefix : new String[] {"spark.hadoop.", "spark."}) {
      for (String name : new String[] {AUTHENTICATION, PROVIDER}) {
        String key = prefix + name;
        properties
            .value(key)
            .ifPresent(
                value ->
                    problems.add(
                        key,
                        value,
                        "THRIFT_AUTH=token (the default) checks logins itself",
                        "Set THRIFT_AUTH=none to choose how users log in by Spark settings, or remove"
                            + " the key."));
      }
    }
  }

  private boolean isOurs(String authentication) {
    return authentication.equalsIgnoreCase("CUSTOM")
        && PROVIDER_CLASS.equals(user.properties().get(PROVIDER));
  }

  private Optional<String> given(String key) {
    return Optional.ofNullable(user.properties().get(key))
        .or(() -> properties.value("spark.hadoop." + key))
        .or(() -> key.startsWith("hive.") ? properties.value("spark." + key) : Optional.empty())
        .filter(value -> !value.isBlank());
  }
}
