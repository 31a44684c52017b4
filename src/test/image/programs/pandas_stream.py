"""What needs pandas, Arrow and RocksDB, on executors and in the driver."""

import pathlib
import tempfile

import pandas as pd
import pyspark.pandas as ps
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf

spark = SparkSession.builder.getOrCreate()
spark.conf.set(
    "spark.sql.streaming.stateStore.providerClass",
    "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
)
spark.conf.set("spark.sql.shuffle.partitions", "2")


@pandas_udf("long")
def twice(numbers: pd.Series) -> pd.Series:
    return numbers * 2


numbers = spark.range(1000)
print("pandas udf", numbers.select(twice("id").alias("twice")).selectExpr("sum(twice)").first()[0])
print("pandas", numbers.mapInPandas(lambda frames: frames, "id long").count())
print("arrow", numbers.mapInArrow(lambda batches: batches, "id long").count())
print("collected", int(numbers.toPandas()["id"].sum()))
print("pandas on spark", int(ps.range(10)["id"].sum()))

folder = pathlib.Path(tempfile.mkdtemp(dir=pathlib.Path.home()))
numbers.selectExpr("id % 3 as remainder").write.json(str(folder / "in"))
query = (
    spark.readStream.schema("remainder long")
    .json(str(folder / "in"))
    .groupBy("remainder")
    .count()
    .writeStream.outputMode("complete")
    .format("memory")
    .queryName("remainders")
    .option("checkpointLocation", str(folder / "checkpoint"))
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
print("stream", [tuple(row) for row in spark.sql("select * from remainders order by 1").collect()])
print("state", query.lastProgress["stateOperators"][0]["customMetrics"]["rocksdbPutCount"] > 0)
