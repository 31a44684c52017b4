package io.sparkappliance.spark;

import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** An application that starts without executors and then needs one. */
final class CountProgram {
  private CountProgram() {}

  public static void main(String[] none) {
    SparkConf conf =
        new SparkConf()
            .setAppName("count")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.ui.enabled", "false")
            .set("spark.dynamicAllocation.enabled", "true")
            .set("spark.dynamicAllocation.shuffleTracking.enabled", "true")
            .set("spark.dynamicAllocation.initialExecutors", "0");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      System.out.println("> counts");
      System.out.println("> counted " + spark.parallelize(List.of(1, 2, 3, 4, 5), 2).count());
    }
  }
}
