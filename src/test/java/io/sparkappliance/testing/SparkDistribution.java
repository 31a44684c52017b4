package io.sparkappliance.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The Spark distribution that component tests run. */
public final class SparkDistribution {
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
