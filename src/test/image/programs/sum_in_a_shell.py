print(sc.master, spark.range(1000).selectExpr("sum(id)").first()[0])
exit()
