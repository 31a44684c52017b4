"""A sum over Spark Connect: connect_sum.py ADDRESS."""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
print(spark.range(1000).selectExpr("sum(id)").first()[0])
spark.stop()
