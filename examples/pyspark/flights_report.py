"""Flights, departures, miles and minutes of delay per carrier.

    spark-submit flights_report.py PATH ORIGIN LAST_MONTH

PATH holds the flights as Parquet. A job of its own cannot open the embedded Derby metastore while
the SQL server uses it, so it reads the table's files; with a metastore on PostgreSQL or MariaDB it
could say spark.table("flights").
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

path, origin, last_month = sys.argv[1], sys.argv[2], int(sys.argv[3])
spark = SparkSession.builder.appName("flights-report").getOrCreate()
# A function in Python: the executors need the same Python as this driver.
is_origin = f.udf(lambda airport: airport == origin, "boolean")
report = (
    spark.read.parquet(path)
    .where(is_origin("origin") & (f.col("month") <= last_month))
    .groupBy("carrier")
    .agg(f.count("*"), f.count("dep_delay"), f.sum("distance"), f.sum("arr_delay"))
    .orderBy("carrier")
)
for row in report.collect():
    print(*row, sep=",")
spark.stop()
