package io.sparkappliance.daemon;

import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.sparkconf.NodeConfiguration;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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

  /** From here on the JVM addresses its heap differently, and the class data does not fit. */
  private static final MemorySize UNCOMPRESSED_HEAP = MemorySize.ofMebibytes(31 * 1024);

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
    List<String> line = start(node.memory().daemonHeap());
    line.addAll(SMALL_DAEMON);
    return finish(name, line, mainClass, arguments);
  }

  /** A driver that stays, started as {@code spark-submit} would. */
  Command driver(String name, List<String> submitArguments) {
    List<String> line = start(node.memory().driverHeap());
    return finish(name, line, "org.apache.spark.deploy.SparkSubmit", submitArguments);
  }

  private List<String> start(MemorySize heap) {
    List<String> line = new ArrayList<>();
    line.add(java());
    line.add("-Xmx" + heap.toJvmText());
    line.add(EXIT_ON_OUT_OF_MEMORY);
    if (heap.compareTo(UNCOMPRESSED_HEAP) < 0) {
      node.sparkJars().startupCache().ifPresent(cache -> line.addAll(startFrom(cache)));
    }
    line.addAll(SPARK_MODULES);
    line.addAll(node.javaOptions());
    return line;
  }

  /**
   * At the address it was made for, the JVMs of a node share the cache's pages; elsewhere each
   * would have 170 MiB of its own.
   */
  private static List<String> startFrom(Path cache) {
    return List.of(
        "-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0", "-XX:AOTCache=" + cache);
  }

  private String java() {
    String javaHome = environment.get("JAVA_HOME");
    return javaHome == null ? "java" : javaHome + "/bin/java";
  }

  private Command finish(String name, List<String> line, String mainClass, List<String> arguments) {
    line.add("-cp");
    line.add(classPath());
    line.add(mainClass);
    line.addAll(arguments);
    return new Command(line, environment, settings.paths().data().resolve("scratch").resolve(name));
  }

  /**
   * As with Spark's own launcher, the configuration comes before every jar that may hold a file of
   * the same name, such as a {@code hive-site.xml} that would open the thrift server. Of the jars
   * that a startup cache was made with none does.
   */
  private String classPath() {
    List<String> elements = new ArrayList<>(node.sparkJars().cached());
    elements.add(node.confDir() + "/");
    elements.addAll(node.sparkJars().others());
    elements.add(environment.getOrDefault("SPARK_DIST_CLASSPATH", ""));
    return String.join(File.pathSeparator, elements);
  }
}
