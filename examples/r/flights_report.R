# Flights, departures, miles and minutes of delay per carrier, by PySpark, which the package reticulate lends to R.
#
#     Rscript flights_report.R PATH ORIGIN LAST_MONTH
#
# PATH holds the flights as Parquet. Spark does the work; what it hands over is a data frame of R.

library(reticulate)

arguments <- commandArgs(trailingOnly = TRUE)
spark <- import("pyspark.sql")$SparkSession$builder$appName("flights-report")$getOrCreate()
spark$read$parquet(arguments[1])$createOrReplaceTempView("flights")
report <- spark$sql(
  "select carrier, count(*) as flights, count(dep_delay) as departed, sum(distance) as miles, sum(arr_delay) as delay
   from flights where origin = :origin and month <= :last_month group by carrier order by carrier",
  args = list(origin = arguments[2], last_month = as.integer(arguments[3]))
)$toPandas()
# Large numbers of R have an exponent unless they are made texts so.
report <- format(report, scientific = FALSE, trim = TRUE)
write.table(report, sep = ",", quote = FALSE, row.names = FALSE, col.names = FALSE)
spark$stop()
