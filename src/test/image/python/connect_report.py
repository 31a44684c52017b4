"""The flights report over Spark Connect: connect_report.py ADDRESS ORIGIN LAST_MONTH."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

address, origin, last_month = sys.argv[1], sys.argv[2], int(sys.argv[3])
spark = SparkSession.builder.remote(address).getOrCreate()
report = (
    spark.table("flights")
    .where((f.col("origin") == origin) & (f.col("month") <= last_month))
    .groupBy("carrier")
    .agg(f.count("*"), f.count("dep_delay"), f.sum("distance"), f.sum("arr_delay"))
    .orderBy("carrier")
    .toPandas()
)
for row in report.itertuples(index=False):
    print(*row, sep=",")
spark.stop()
