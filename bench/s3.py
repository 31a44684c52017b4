"""Writes a table in many files, one in each partition, and reads it back.

    s3.py WHERE FILES ROWS
"""

import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql.functions import col

where, files, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
spark = SparkSession.builder.appName("s3").getOrCreate()
table = spark.range(rows).withColumn("part", col("id") % files).repartition(8, "part")

begun = time.monotonic()
table.write.partitionBy("part").parquet(where)
print("measured write", time.monotonic() - begun)

begun = time.monotonic()
count, total = spark.read.parquet(where).selectExpr("count(*)", "sum(id)").first()
print("measured read", time.monotonic() - begun)
assert (count, total) == (rows, rows * (rows - 1) // 2), (count, total)
