package io.sparkappliance.daemon;

import io.sparkappliance.settings.ArgumentText;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.sparkconf.NodeConfiguration;
import io.sparkappliance.sparkconf.StartupCache;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Builds the command lines of JVMs that run Spark. */
final class JavaCommand {
  /** What Spark 4.2 itself gives every JVM it starts: {@code JavaModuleOptions}. */
  private static final List<String> SPARK_MODULES =
      List.of(
          "-XX:+IgnoreUnrecognizedVMOptions",
          "--add-modules=jdk.incubator.vector",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
          "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
          "--add-opens=java.base/java.io=ALL-UNNAMED",
          "--add-opens=java.base/java.net=ALL-UNNAMED",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.cs=ALL-UNNAMED",
          "--add-opens=java.base/sun.security.action=ALL-UNNAMED",
          "--add-opens=java.base/sun.util.calendar=ALL-UNNAMED",
          "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
          "-Djdk.reflect.useDirectMethodHandle=false",
          "-Dio.netty.tryReflectionSetAccessible=true",
          "-Dio.netty.allocator.type=pooled",
          "-Dio.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE",
          "--enable-native-access=ALL-UNNAMED");

  /**
   * Daemons that pass messages and wait: the cheap compiler starts them in half the time, and a
   * serial collector needs no threads of its own. Never for drivers and executors.
   */
  private static final List<String> SMALL_DAEMON =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  /** Broken for good after this; the supervisor starts a new one. */
  private static final String EXIT_ON_OUT_OF_MEMORY = "-XX:+ExitOnOutOfMemoryError";

  private final Settings settings;
  private final NodeConfiguration node;
  private final Map<String, String> environment;

  JavaCommand(Settings settings, NodeConfiguration node, Map<String, String> environment) {
    this.settings = settings;
    this.node = node;
    this.environment = environment;
  }

  /** A small daemon: master, worker, history server. */
  Command daemon(String name, String mainClass, List<String> arguments) {
    return daemon(name, List.of(), mainClass, arguments);
  }

  /** A small daemon with options of its own for the JVM. */
  Command daemon(String name, List<String> own, String mainClass, List<String> arguments) {
    MemorySize heap = node.memory().daemonHeap();
    Optional<StartupCache> cache = node.startupCache().filter(it -> it.fits(heap));
    List<String> options = new ArrayList<>(SMALL_DAEMON);
    cache.ifPresent(it -> options.addAll(it.javaOptions()));
    options.addAll(node.javaOptions());
    options.addAll(own);
    return command(name, heap, options, classPath(jarsOf(cache), ""), mainClass, arguments);
  }

  /**
   * A driver that stays, started as {@code spark-submit} would: by Spark's settings for drivers.
   */
  Command driver(String name, List<String> submitArguments) {
    List<String> options = new ArrayList<>();
    for (String key : List.of("spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions")) {
      node.value(key).map(ArgumentText::split).ifPresent(options::addAll);
    }
    String extra = node.value("spark.driver.extraClassPath").orElse("");
    boolean cached = extra.equals(jarsOf(node.startupCache()));
    return command(
        name,
        node.memory().driverHeap(),
        options,
        cached ? classPath(extra, "") : classPath("", extra),
        "org.apache.spark.deploy.SparkSubmit",
        submitArguments);
  }

  private static String jarsOf(Optional<StartupCache> cache) {
    return cache.map(it -> it.jars().toString()).orElse("");
  }

  private Command command(
      String name,
      MemorySize heap,
      List<String> options,
      String classPath,
      String mainClass,
      List<String> arguments) {
    List<String> line = new ArrayList<>();
    line.add(java());
    line.add("-Xmx" + heap.toJvmText());
    line.add(EXIT_ON_OUT_OF_MEMORY);
    line.addAll(SPARK_MODULES);
    // Libraries that are unpacked and sessions' files: a killed process leaves them behind.
    line.add("-Djava.io.tmpdir=" + settings.paths().temporary());
    line.addAll(options);
    line.add("-cp");
    line.add(classPath);
    line.add(mainClass);
    line.addAll(arguments);
    return new Command(line, environment, settings.paths().data().resolve("scratch").resolve(name));
  }

  private String java() {
    String javaHome = environment.get("JAVA_HOME");
    return javaHome == null ? "java" : javaHome + "/bin/java";
  }

  /**
   * Unlike with Spark's own launcher, the configuration comes before every jar that somebody added:
   * a {@code hive-site.xml} in one of them would open the thrift server. Only the jars of a startup
   * cache come before it, because none of them has such a file.
   */
  private String classPath(String cached, String added) {
    return Stream.of(
            cached,
            node.confDir() + "/",
            added,
            settings.paths().sparkHome().resolve("jars") + "/*",
            environment.getOrDefault("SPARK_DIST_CLASSPATH", ""))
        .filter(element -> !element.isEmpty())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
