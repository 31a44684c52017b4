"""Counts again and again, and tells each time, until it is told to end: counts.py FILE."""

import pathlib
import sys
import time

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("counts").getOrCreate()
rounds = 0
while not pathlib.Path(sys.argv[1]).exists():
    found = spark.range(0, 1000, 1, 4).where("id % 10 = 3").count()
    rounds += 1
    print("round", rounds, "right" if found == 100 else f"wrong: {found}", flush=True)
    time.sleep(0.5)
print("ended", flush=True)
