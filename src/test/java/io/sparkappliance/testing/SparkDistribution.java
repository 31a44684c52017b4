package io.sparkappliance.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The Spark distribution that component tests run. */
public final class SparkDistribution {
  /**
   * An option of JVMs that run Spark: their second compiler takes half of a short test's processor
   * time and never earns it back.
   */
  public static final String ONE_COMPILER = "-XX:TieredStopAtLevel=1";

  private SparkDistribution() {}

  /**
   * Its directory: the system property {@code spark.home}, else the variable SPARK_HOME.
   *
   * @throws IllegalStateException when there is none; such tests fail, they are not skipped
   */
  public static Path home() {
    return Optional.ofNullable(System.getProperty("spark.home"))
        .or(() -> Optional.ofNullable(System.getenv("SPARK_HOME")))
        .map(Path::of)
        .filter(home -> Files.isDirectory(home.resolve("jars")))
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "set SPARK_HOME, or -Dspark.home=, to a Spark distribution"));
  }
}
