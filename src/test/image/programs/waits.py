"""Registers an application, and then waits until somebody ends it."""

import threading

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print("begun", spark.range(10).count(), flush=True)
threading.Event().wait()
