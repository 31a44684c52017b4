import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Flights, departures, miles and minutes of delay per carrier.
 *
 * <pre>spark-submit --class FlightsReport flights-report.jar PATH ORIGIN LAST_MONTH</pre>
 *
 * <p>PATH holds the flights as Parquet.
 */
public final class FlightsReport {
  private FlightsReport() {}

  /** Prints the report as comma-separated lines. */
  public static void main(String[] args) throws Exception {
    try (SparkSession spark = SparkSession.builder().appName("flights-report").getOrCreate()) {
      List<Row> report =
          spark
              .read()
              .parquet(args[0])
              .where(
                  col("origin").equalTo(args[1]).and(col("month").leq(Integer.parseInt(args[2]))))
              .groupBy("carrier")
              .agg(count(lit(1)), count(col("dep_delay")), sum("distance"), sum("arr_delay"))
              .orderBy("carrier")
              .collectAsList();
      for (Row row : report) {
        System.out.println(row.mkString(","));
      }
    }
  }
}
