package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SparkSetting;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Everything about Spark on this node that is known before the first daemon starts.
 *
 * @param properties Spark settings as written to {@code spark-defaults.conf}, each key once; holds
 *     secrets
 * @param memory who gets how much
 * @param host address under which peers reach this node
 * @param bindHost address that services listen on: {@code 0.0.0.0}, or the loopback address when
 *     that is what is advertised
 * @param masterUrl {@code spark://host:port[,host:port…]}: what workers register with
 * @param ports the ports in force, whichever layer gave them: what to start with and to probe
 * @param environment what {@code spark-env.sh} exports, without secrets: the part of a daemon's
 *     environment that Spark reads
 * @param javaOptions options of every JVM that loads Spark's native libraries; empty when the
 *     libraries unpack themselves
 * @param startupCache class data that the image has for Spark's JVMs
 * @param jars fetched {@code EXT_JARS}, local paths
 * @param confDir directory that the files were or would be written to: {@code SPARK_CONF_DIR}
 * @param notices what an operator should know, one sentence each; nothing that stops the start
 */
public record NodeConfiguration(
    SortedMap<String, Property> properties,
    MemoryPlan memory,
    String host,
    String bindHost,
    String masterUrl,
    Settings.Ports ports,
    SortedMap<String, String> environment,
    List<String> javaOptions,
    Optional<StartupCache> startupCache,
    List<Path> jars,
    Path confDir,
    List<String> notices) {

  /** The same, with more to tell. */
  NodeConfiguration with(List<String> moreNotices) {
    return new NodeConfiguration(
        properties,
        memory,
        host,
        bindHost,
        masterUrl,
        ports,
        environment,
        javaOptions,
        startupCache,
        jars,
        confDir,
        Stream.concat(notices.stream(), moreNotices.stream()).toList());
  }

  /** Takes copies that can't be changed. */
  public NodeConfiguration {
    properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
    environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
    javaOptions = List.copyOf(javaOptions);
    jars = List.copyOf(jars);
    notices = List.copyOf(notices);
  }

  /**
   * Where services listen on a node that peers reach under this address: everywhere, or on the
   * loopback address when that is what is advertised.
   */
  public static String bindHost(String host) {
    if (!isLoopback(host)) {
      return "0.0.0.0";
    }
    return host.equals("localhost") ? "127.0.0.1" : host;
  }

  static boolean isLoopback(String host) {
    return host.equals("localhost")
        || host.startsWith("127.")
        || host.equals("::1")
        || host.equals("[::1]");
  }

  /** The value of a Spark setting; empty: Spark's own default applies. */
  public Optional<String> value(String key) {
    return Optional.ofNullable(properties.get(key)).map(Property::value);
  }

  /** The value of a Spark setting as it may be shown: secrets masked. */
  public Optional<String> shown(String key) {
    return value(key).map(value -> SparkSetting.isSecret(key) ? "******" : value);
  }

  /** Without secrets: a record's own text would print every value. */
  @Override
  public String toString() {
    return "NodeConfiguration[masterUrl="
        + masterUrl
        + ", host="
        + host
        + ", memory="
        + memory
        + ", ports="
        + ports
        + ", settings="
        + properties.keySet()
        + "]";
  }
}
