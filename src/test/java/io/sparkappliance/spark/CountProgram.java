package io.sparkappliance.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * An application that starts without executors and then needs one; and once more when the file that
 * is its argument, if there is any, exists.
 */
final class CountProgram {
  private static final Duration LOOK = Duration.ofMillis(50);

  private CountProgram() {}

  public static void main(String[] again) throws InterruptedException {
    SparkConf conf =
        new SparkConf()
            .setAppName("count")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.ui.enabled", "false")
            .set("spark.dynamicAllocation.enabled", "true")
            .set("spark.dynamicAllocation.shuffleTracking.enabled", "true")
            .set("spark.dynamicAllocation.initialExecutors", "0");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      count(spark);
      for (String file : again) {
        while (!Files.exists(Path.of(file))) {
          Thread.sleep(LOOK);
        }
        count(spark);
      }
    }
  }

  private static void count(JavaSparkContext spark) {
    System.out.println("> counts");
    System.out.println("> counted " + spark.parallelize(List.of(1, 2, 3, 4, 5), 2).count());
  }
}
