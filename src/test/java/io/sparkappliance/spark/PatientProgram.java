package io.sparkappliance.spark;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * An application that counts with an executor, and then does what files in its first argument's
 * directory tell it: {@code fail} once, or {@code go}. It leaves a mark there whenever it begins.
 */
public final class PatientProgram {
  private static final Duration LOOK = Duration.ofMillis(50);

  private PatientProgram() {}

  /** Its own process. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    Files.createTempFile(directory, "begun-", "");
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    out.println("began with " + List.of(arguments).subList(1, arguments.length));
    System.err.println("a line of the log");
    try (JavaSparkContext spark = new JavaSparkContext(new SparkConf())) {
      String variable =
          spark
              .parallelize(List.of(1), 1)
              .pipe(List.of("sh", "-c", "echo $APP_KEY/$_SPARK_AUTH_SECRET"))
              .first();
      out.println(
          "counted %d; %s on the driver, %s on an executor; secret %s %s; setting %s"
              .formatted(
                  spark.parallelize(List.of(1, 2, 3), 1).count(),
                  System.getenv("APP_KEY"),
                  variable,
                  System.getenv("_SPARK_AUTH_SECRET"),
                  System.getProperty("spark.authenticate.secret"),
                  Optional.ofNullable(spark.hadoopConfiguration().get("fs.s3a.secret.key"))
                      .orElse("none")));
      while (!Files.exists(directory.resolve("go"))) {
        if (Files.deleteIfExists(directory.resolve("fail"))) {
          out.println("fails");
          Runtime.getRuntime().halt(3);
        }
        Thread.sleep(LOOK);
      }
    }
    out.println("ended \u2713");
  }
}
