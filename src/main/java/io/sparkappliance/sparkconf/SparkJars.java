package io.sparkappliance.sparkconf;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Spark's own jars as JVMs of this node load them.
 *
 * @param cached the jars that a startup cache was made with, in its order: they come before
 *     everything else, or the cache does not fit; empty where there is none
 * @param others the jars that come after the configuration, as one or more elements of a class path
 * @param startupCache class data made when the image was built (JEP 483); empty where there is none
 */
public record SparkJars(List<String> cached, List<String> others, Optional<Path> startupCache) {
  /** Takes copies that can't be changed. */
  public SparkJars {
    cached = List.copyOf(cached);
    others = List.copyOf(others);
  }

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
      return new SparkJars(List.of(), List.of(jars + "/*"), Optional.empty());
    }
    try {
      List<String> cached = List.of(Files.readString(order).strip().split(File.pathSeparator, -1));
      Set<String> added = names(jars);
      cached.forEach(added::remove);
      return new SparkJars(cached, List.copyOf(added), Optional.of(cache));
    } catch (IOException e) {
      throw new UncheckedIOException("can't read the jars of " + sparkHome, e);
    }
  }

  private static Set<String> names(Path jars) throws IOException {
    Set<String> names = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(jars, "*.jar")) {
      files.forEach(file -> names.add(file.toString()));
    }
    return names;
  }
}
