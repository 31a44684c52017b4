"""Makes the class data that Spark's JVMs of the appliance start from: JDK 25's ahead-of-time cache (JEP 483, 514, 515).

One driver does what drivers, executors, masters and workers do; what its JVM loaded, linked and ran often is written down
when it ends. A JVM may use it whose class path begins as the driver's did: with one jar that names all others, in a fixed order.

Arguments: the folder of the Spark distribution, the folder that gets spark.aot and spark.jar.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

STARTED = time.monotonic()

# What most sessions begin with. It need not be complete: classes that are not in the cache are loaded as ever.
SQL = """
create table numbers as select id, id % 7 as k, cast(id as string) as s, current_timestamp() as t from range(10000);
insert into numbers select id + 10000, id % 7, 'more', current_timestamp() from range(100);
select k, count(*), max(s), avg(id) from numbers where t is not null group by k order by k limit 3;
select a.k, count(distinct b.s) from numbers a join numbers b on a.id = b.id where a.s like '1%' group by a.k having count(*) > 1;
select * from (select k, row_number() over (partition by k order by id desc) as place from numbers) where place = 1;
select /*+ broadcast(b) */ count(*) from numbers a left join (values (1, 'a'), (2, 'b')) as b(k, name) on a.k = b.k;
create temporary view evens using csv options (path '{csv}', header true, inferSchema true);
select year(date), sum(amount), collect_list(named_struct('d', date)) from evens group by 1 order by 1;
cache table evens;
explain select count(*) from evens;
show databases; show tables; describe extended numbers; set spark.sql.shuffle.partitions=4;
drop table numbers;
"""

CONNECT = """
from pyspark.sql import SparkSession, functions
session = SparkSession.builder.remote("sc://localhost:15002").getOrCreate()
frame = session.createDataFrame([(1, "a"), (2, "b")], ["k", "name"])
assert frame.groupBy("name").agg(functions.sum("k").alias("k")).where("k > 1").toPandas().k.tolist() == [2]
session.stop()
"""


def log(text):
    print(f"startup cache: {time.monotonic() - STARTED:.0f} s: {text}", flush=True)


def check_names(jars):
    """The jars come before the configuration directory in a class path: none may hold a file that decides in its place."""
    for jar in jars:
        for name in zipfile.ZipFile(jar).namelist():
            if name.endswith("-site.xml") or name in ("log4j2.properties", "metrics.properties", "spark-defaults.conf"):
                sys.exit(f"{jar} has a {name}, which would hide the one of the configuration directory")


def write_path_jar(target, jars):
    """A jar without classes, whose manifest names the others: the order of a wildcard would depend on the file system."""
    line = "Class-Path: " + " ".join(os.path.relpath(jar, target.parent) for jar in jars)
    # A line of a manifest has at most 72 bytes; one that begins with a space goes on with the line before.
    folded = [line[:72], *(" " + line[start : start + 71] for start in range(72, len(line), 71))]
    with zipfile.ZipFile(target, "w") as jar:
        jar.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), "\r\n".join(["Manifest-Version: 1.0", *folded, ""]))


def session(directory, master, **settings):
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("training").enableHiveSupport()
    for key, value in {
        "sql_warehouse_dir": directory / "warehouse", "driver_host": "localhost",
        "eventLog_enabled": "true", "eventLog_dir": directory, **settings,
    }.items():  # fmt: skip
        builder = builder.config("spark." + key.replace("_", "."), str(value))
    return builder.getOrCreate()


def start_driver(directory, spark, jar, cache):
    """What pyspark would start, with no more than the jar in its class path. Returns it when Python programs can talk to it."""
    java = os.path.join(os.environ["JAVA_HOME"], "bin", "java")
    submit = ["org.apache.spark.deploy.SparkSubmit", "--driver-memory", "1g", "pyspark-shell"]
    launcher = [java, "-cp", f"{spark}/jars/*", "org.apache.spark.launcher.Main", *submit]
    words = subprocess.run(launcher, check=True, capture_output=True, text=True).stdout.strip("\0\n").split("\0")
    line = words[words.index(java) :]
    line[line.index("-cp") + 1] = str(jar)
    line[1:1] = [f"-XX:AOTCacheOutput={cache}", f"-Dderby.system.home={directory}"]
    connection = directory / "connection"
    environment = {**os.environ, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(connection)}
    output = directory / "driver.log"
    with output.open("wb") as stream:
        driver = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=stream, stderr=subprocess.STDOUT, env=environment)
    end = time.monotonic() + 600
    while not connection.exists():
        if driver.poll() is not None or time.monotonic() > end:
            sys.exit(f"the driver did not start:\n{output.read_text(errors='replace')[-4000:]}")
        time.sleep(0.1)
    from pyspark.serializers import UTF8Deserializer, read_int

    with connection.open("rb") as stream:
        os.environ["PYSPARK_GATEWAY_PORT"] = str(read_int(stream))
        os.environ["PYSPARK_GATEWAY_SECRET"] = UTF8Deserializer().loads(stream)
    return driver


def classes_of_an_executor(directory, jar):
    """Names of what an executor loads in its own process. Meanwhile the driver's has a master and a worker."""
    loaded = directory / "classes.log"
    spark = session(
        directory, "local-cluster[1,1,1024]",
        dynamicAllocation_enabled="true", dynamicAllocation_shuffleTracking_enabled="true",
        executor_extraClassPath=jar, executor_extraJavaOptions=f"-Xlog:class+load:file={loaded}",
    )  # fmt: skip
    assert spark.range(1000).selectExpr("id % 3 as k").groupBy("k").count().count() == 3
    assert spark.sparkContext.parallelize(range(10), 2).map(lambda number: number + 1).sum() == 55
    spark.stop()
    # Without what was generated on the spot.
    names = re.findall(r"\] ((?!\S*GeneratedClass)[^\s/]+) source: file:", loaded.read_text())
    assert "org.apache.spark.executor.CoarseGrainedExecutorBackend" in names
    return names


def load(spark, names):
    java = spark.sparkContext._jvm.java.lang
    loader = java.ClassLoader.getSystemClassLoader()
    for name in names:
        java.Class.forName(name, False, loader)


def work(directory, spark):
    from pyspark.sql import functions

    csv = directory / "evens.csv"
    csv.write_text("date,amount\n" + "".join(f"20{year:02}-01-01,{year}.5\n" for year in range(0, 100, 2)))
    table = spark.read.csv(str(csv), header=True, inferSchema=True)
    table.write.partitionBy("date").parquet(str(directory / "evens.parquet"))
    assert spark.read.parquet(str(directory / "evens.parquet")).agg(functions.count("*")).first()[0] == 50
    twice = functions.udf(lambda amount: 2 * amount, "double")
    assert table.select(functions.sum(twice("amount"))).first()[0] == sum(2 * year + 1 for year in range(0, 100, 2))
    log("the program has run")
    thrift = spark.sparkContext._jvm.org.apache.spark.sql.hive.thriftserver.HiveThriftServer2
    thrift.startWithSparkSession(spark._jsparkSession, False)
    script = directory / "work.sql"
    script.write_text(SQL.replace("{csv}", str(csv)))
    run([f"{os.environ['SPARK_HOME']}/bin/beeline", "-u", "jdbc:hive2://localhost:10000/", "-n", "training", "-f", str(script)])
    log("the SQL script has run")
    run([sys.executable, "-c", CONNECT])
    log("the client of Spark Connect has run")


def run(command):
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if answer.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{answer.stdout[-4000:]}")


def main():
    spark, target = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp())
    jar = target / "spark.jar"
    cache = target / "spark.aot"
    jars = sorted((spark / "jars").glob("*.jar"))
    check_names(jars)
    write_path_jar(jar, jars)
    os.environ.update(SPARK_HOME=str(spark), SPARK_CONF_DIR=str(directory), SPARK_SCALA_VERSION="2.13")
    os.chdir(directory)
    driver = start_driver(directory, spark, jar, cache)
    try:
        names = classes_of_an_executor(directory, jar)
        log("an executor has run")
        program = session(directory, "local[2]", plugins="org.apache.spark.sql.connect.SparkConnectPlugin")
        work(directory, program)
        load(program, names)
        program.stop()
        driver.stdin.close()
        # While the cache is put together, its file is there and empty.
        if driver.wait(timeout=1800) != 0 or not cache.is_file() or cache.stat().st_size == 0:
            raise RuntimeError(f"the driver wrote no cache; its exit code is {driver.returncode}")
    except BaseException:
        print((directory / "driver.log").read_text(errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        driver.kill()
        driver.wait()
    log(f"{cache.stat().st_size >> 20} MiB")
    shutil.rmtree(directory)


if __name__ == "__main__":
    main()
