"""Writes to S3 in every way that is named: scheme:format:way, … Prints what is read back, and who
committed. Ends when the role's credentials have been others for the number of times given.

    writes.py CASES TIMES URL_OF_THE_METADATA_SERVICE FOLDER
"""

import json
import sys
import urllib.request

from pyspark.sql import SparkSession
from pyspark.sql.functions import col

CASES, GENERATIONS, METADATA, FOLDER = sys.argv[1].split(","), int(sys.argv[2]), sys.argv[3], sys.argv[4]
spark = SparkSession.builder.appName("writes").getOrCreate()
files = spark._jvm.org.apache.hadoop.fs
conf = spark._jsc.hadoopConfiguration()


def path(scheme, case):
    return f"{scheme}://{FOLDER}/{case.replace(':', '-')}"


def read(form, where):
    reader = spark.read.format(form).option("header", "true").option("inferSchema", "true")
    return sorted((int(row["day"]), int(row["n"])) for row in reader.load(where).collect())


def rows(*pairs):
    return spark.createDataFrame(list(pairs), "n int, day int").repartition(2)


def writer(frame, form, mode):
    return frame.write.format(form).option("header", "true").mode(mode)


def committer(where):
    file = files.Path(where + "/_SUCCESS")
    stream = file.getFileSystem(conf).open(file)
    try:
        text = spark._jvm.org.apache.hadoop.io.IOUtils.readFullyToByteArray(stream)
        return json.loads(bytes(text).decode())["committer"] if len(text) else "renames"
    finally:
        stream.close()


def append(form, where):
    writer(rows((1, 1)), form, "append").save(where)
    writer(rows((2, 1), (3, 2)), form, "append").save(where)
    return [(1, 1), (1, 2), (2, 3)]


def overwrite(form, where):
    writer(rows((1, 1), (2, 2)), form, "overwrite").partitionBy("day").save(where)
    writer(rows((3, 3)), form, "overwrite").partitionBy("day").save(where)
    return [(3, 3)]


def dynamic(form, where):
    writer(rows((1, 1), (2, 2), (3, 2)), form, "overwrite").partitionBy("day").save(where)
    for _ in range(2):
        writer(rows((4, 2), (5, 3)), form, "overwrite").option(
            "partitionOverwriteMode", "dynamic"
        ).partitionBy("day").save(where)
    return [(1, 1), (2, 4), (3, 5)]


def streaming(form, where):
    for part in ([(1, 1)], [(2, 1), (3, 2)]):
        rows(*part).write.mode("append").json(where + "-in")
        query = (
            spark.readStream.schema("n int, day int")
            .json(where + "-in")
            .writeStream.format(form)
            .option("header", "true")
            .option("checkpointLocation", where + "-checkpoint")
            .trigger(availableNow=True)
            .start(where)
        )
        query.awaitTermination()
    return [(1, 1), (1, 2), (2, 3)]


def generations():
    with urllib.request.urlopen(METADATA + "/_test/state") as answer:
        return json.load(answer)["generations"]


def run(case):
    scheme, form, way = case.split(":")
    where = path(scheme, case)
    expected = globals()[way](form, where)
    found = read(form, where)
    by = "its log" if way == "streaming" else committer(where)
    print(case, "right" if found == expected else f"{found} instead of {expected}", "by", by)


def control(what):
    urllib.request.urlopen(f"{METADATA}/_test/{what}", b"").close()


# Meanwhile, one after the other: S3 fails for a while, each time in another way, or nobody tells what the
# role's credentials are.
FAULTS = ["503/8", "500/8", "away/12", "slow/8", "reset/8"]
for number, case in enumerate(CASES):
    control(FAULTS[number % len(FAULTS)])
    run(case)
while generations() < GENERATIONS:
    total = spark.range(200).repartition(4).withColumn("day", col("id") % 4)
    total.write.mode("overwrite").parquet(f"s3://{FOLDER}/again")
    assert spark.read.parquet(f"s3://{FOLDER}/again").count() == 200
print("generations seen", generations())
