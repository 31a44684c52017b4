package io.sparkappliance.sparkconf;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Spark's own jars as JVMs of this node load them.
 *
 * @param classPath the jars, in an order of their own where a startup cache was made with it
 * @param startupCache class data made with that order when the image was built (JEP 483): a JVM
 *     starts from it in about half the time; empty where there is none
 */
public record SparkJars(String classPath, Optional<Path> startupCache) {
  /**
   * The jars of a distribution.
   *
   * @param sparkHome folder of the distribution; its folder {@code aot} holds the cache
   * @throws UncheckedIOException when the folder can't be read
   */
  static SparkJars of(Path sparkHome) {
    Path jars = sparkHome.resolve("jars");
    Path cache = sparkHome.resolve("aot/spark.aot");
    Path order = sparkHome.resolve("aot/classpath");
    if (!Files.isReadable(cache) || !Files.isReadable(order)) {
      return new SparkJars(jars + "/*", Optional.empty());
    }
    try {
      // Jars that somebody put beside Spark's come last: the cache serves class paths that go on.
      Set<String> ordered = new LinkedHashSet<>(split(Files.readString(order)));
      ordered.addAll(names(jars));
      return new SparkJars(String.join(File.pathSeparator, ordered), Optional.of(cache));
    } catch (IOException e) {
      throw new UncheckedIOException("can't read the jars of " + sparkHome, e);
    }
  }

  private static Set<String> split(String order) {
    return new LinkedHashSet<>(Arrays.asList(order.strip().split(File.pathSeparator, -1)));
  }

  private static Set<String> names(Path jars) throws IOException {
    Set<String> names = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(jars, "*.jar")) {
      files.forEach(file -> names.add(file.toString()));
    }
    return names;
  }
}
