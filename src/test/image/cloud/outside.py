"""Reads and writes folders, and prints what a user is told of those that it may not.

    outside.py FOLDER…
"""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("outside").getOrCreate()


def told(what, action):
    try:
        action()
    except Exception as error:
        print(what, "->", " ".join(str(error).split()))
    else:
        print(what, "-> done")


for folder in sys.argv[1:]:
    told(f"writing {folder}", lambda: spark.range(10).write.parquet(folder))
    told(f"reading {folder}", lambda: spark.read.schema("id long").parquet(folder).count())
