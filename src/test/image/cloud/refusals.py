"""Asks S3 for what it doesn't give, and prints what a user is told. Then once more, in the same application, for what it
does give again.

    refusals.py URL_OF_THE_METADATA_SERVICE
"""

import sys
import urllib.request

from pyspark.sql import SparkSession

METADATA = sys.argv[1]
spark = SparkSession.builder.appName("refusals").getOrCreate()
WRITTEN = "s3://data/refused"


def write(where):
    spark.range(10).write.mode("overwrite").parquet(where)


def told(name, action):
    try:
        action()
    except Exception as error:
        print(name, "->", " ".join(str(error).split()))
    else:
        print(name, "-> nothing")


told("a bucket that is not there", lambda: spark.read.parquet("s3://not-there/table").count())
told("a bucket of others", lambda: spark.read.parquet("s3://forbidden/table").count())
told("writing to a bucket of others", lambda: write("s3://forbidden/table"))
write(WRITTEN)
urllib.request.urlopen(f"{METADATA}/_test/expired/600", b"").close()
told("an expired token", lambda: write(WRITTEN))
urllib.request.urlopen(f"{METADATA}/_test/expired/0", b"").close()
write(WRITTEN)
print("rows in the end", spark.read.parquet(WRITTEN).count())
