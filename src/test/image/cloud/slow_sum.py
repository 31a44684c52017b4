"""Shuffles once, says so by a file, and then takes its time with the result."""

import pathlib
import sys
import time

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("slow-sum").getOrCreate()
computed = spark.sparkContext.accumulator(0)


def parts(number):
    computed.add(1)
    return [(part, number * 40 + part) for part in range(40)]


def slowly(total):
    time.sleep(1)
    return total


sums = (
    spark.sparkContext.parallelize(range(20), 20)
    .flatMap(parts)
    .reduceByKey(lambda a, b: a + b, 40)
)
sums.count()
pathlib.Path(sys.argv[1]).touch()
print("sum", sums.values().map(slowly).sum(), "computed", computed.value)
