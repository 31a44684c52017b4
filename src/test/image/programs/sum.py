"""A program that somebody runs with spark-submit."""

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print(spark.sparkContext.master, spark.range(1000).selectExpr("sum(id)").first()[0])
spark.stop()
