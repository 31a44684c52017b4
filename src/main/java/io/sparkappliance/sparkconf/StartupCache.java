package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.MemorySize;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Class data of Spark's jars, made when the image was built: a JVM that starts from it has loaded
 * and linked them already (JEP 483, 514, 515).
 *
 * @param jars a jar whose manifest names all of Spark's, in the order of the cache: the class path
 *     must begin with it. No file in these jars has the name of one that the appliance writes to
 *     the configuration directory, so they may come before it.
 * @param classData the cache itself
 */
public record StartupCache(Path jars, Path classData) {
  /** From here on the JVM addresses its heap differently, and the class data does not fit. */
  private static final MemorySize UNCOMPRESSED_HEAP = MemorySize.ofMebibytes(31 * 1024);

  /**
   * The cache of a distribution.
   *
   * @param sparkHome folder of the distribution; its folder {@code aot} holds the cache
   * @return empty where the distribution has none
   */
  static Optional<StartupCache> of(Path sparkHome) {
    Path folder = sparkHome.resolve("aot");
    return Optional.of(new StartupCache(folder.resolve("spark.jar"), folder.resolve("spark.aot")))
        .filter(cache -> Files.isReadable(cache.jars) && Files.isReadable(cache.classData));
  }

  /** Whether a JVM with this heap can use it. */
  public boolean fits(MemorySize heap) {
    return heap.compareTo(UNCOMPRESSED_HEAP) < 0;
  }

  /**
   * Options of a JVM whose class path begins with {@link #jars}. The cache is mapped at the address
   * it was made for: there the JVMs of a node share its pages, elsewhere each would have 170 MiB of
   * its own. Where it does not fit, the JVM says so and starts as ever; like all it has to say this
   * goes to the standard error, because the standard output is the program's.
   */
  public List<String> javaOptions() {
    return List.of(
        "-Xlog:all=off:stdout",
        "-Xlog:all=warning:stderr",
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:ArchiveRelocationMode=0",
        "-XX:AOTCache=" + classData);
  }
}
