"""Estimates pi by throwing darts: the smallest program that uses the cluster.

Argument: how many darts, one million unless told.
"""

import random
import sys

from pyspark.sql import SparkSession


def hits(_: int) -> bool:
    x, y = random.random(), random.random()
    return x * x + y * y < 1


darts = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
with SparkSession.builder.appName("pi").getOrCreate() as spark:
    inside = spark.sparkContext.parallelize(range(darts), 8).filter(hits).count()
    print(f"pi is about {4 * inside / darts:.3f}")
