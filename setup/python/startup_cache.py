"""Makes the class data that Spark's JVMs of the appliance start from: JDK 25's ahead-of-time cache (JEP 483, 514, 515).

A SQL driver with Spark Connect, and a master and a worker in the same process, do some work; what they loaded and linked is
written down when they end. A JVM may use it whose class path begins with the same jars in the same order.

Arguments: the folder of the Spark distribution, the folder that gets spark.aot and classpath (the jars' paths, separated by colons).
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

spark, target = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])

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


def log(text):
    print(f"startup cache: {text}", flush=True)


def command(directory, jars):
    """What spark-submit would run, with the jars by name instead of as a wildcard, whose order depends on the file system."""
    submit = [
        "org.apache.spark.deploy.SparkSubmit",
        "--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
        "--name", "training",
        "--master", "local-cluster[1,2,1024]",
        "--driver-memory", "1g",
        "--conf", "spark.plugins=org.apache.spark.sql.connect.SparkConnectPlugin",
        "--conf", "spark.sql.catalogImplementation=hive",
        "--conf", f"spark.sql.warehouse.dir={directory}/warehouse",
        "--conf", "spark.driver.host=localhost",
        "--conf", "spark.dynamicAllocation.enabled=true",
        "--conf", "spark.dynamicAllocation.shuffleTracking.enabled=true",
        "--conf", "spark.eventLog.enabled=true",
        "--conf", f"spark.eventLog.dir={directory}",
        "spark-internal",
    ]  # fmt: skip
    launcher = [java(), "-cp", f"{spark}/jars/*", "org.apache.spark.launcher.Main"]
    words = subprocess.run(launcher + submit, check=True, capture_output=True, env=environment(directory)).stdout
    line = words.decode().strip("\0\n").split("\0")
    line[line.index("-cp") + 1] = ":".join(jars)
    return [line[0], f"-XX:AOTCacheOutput={target}/spark.aot", *line[1:]]


def java():
    return os.path.join(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"


def environment(directory):
    return {**os.environ, "SPARK_HOME": str(spark), "SPARK_CONF_DIR": str(directory), "SPARK_SCALA_VERSION": "2.13"}


def wait_for(driver, log_file, text, seconds=1800):
    """Waits until the driver has said it."""
    end = time.monotonic() + seconds
    while text not in log_file.read_text(errors="replace"):
        if driver.poll() is not None or time.monotonic() > end:
            sys.exit(f"the driver did not start:\n{log_file.read_text(errors='replace')[-4000:]}")
        time.sleep(0.1)


def work(directory):
    csv = directory / "evens.csv"
    csv.write_text("date,amount\n" + "".join(f"20{year:02}-01-01,{year}.5\n" for year in range(0, 100, 2)))
    script = directory / "work.sql"
    script.write_text(SQL.replace("{csv}", str(csv)))
    beeline = [f"{spark}/bin/beeline", "-u", "jdbc:hive2://localhost:10000/", "-n", "training", "-f", str(script)]
    answer = subprocess.run(beeline, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(directory))
    if answer.returncode != 0:
        sys.exit(f"the work could not be done:\n{answer.stdout[-4000:]}")

    from pyspark.sql import SparkSession, functions

    session = SparkSession.builder.remote("sc://localhost:15002").getOrCreate()
    frame = session.createDataFrame([(1, "a"), (2, "b")], ["k", "name"])
    assert frame.groupBy("name").agg(functions.sum("k").alias("k")).where("k > 1").toPandas().k.tolist() == [2]
    session.stop()


def main():
    target.mkdir(parents=True, exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp())
    jars = sorted(str(jar) for jar in (spark / "jars").glob("*.jar"))
    output = directory / "driver.log"
    with output.open("wb") as stream:
        driver = subprocess.Popen(
            command(directory, jars), cwd=directory, env=environment(directory), stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        wait_for(driver, output, "HiveThriftServer2 started")
        log("the driver runs")
        work(directory)
        log("its work is done")
        driver.send_signal(signal.SIGTERM)
        driver.wait(timeout=1800)
    except Exception:
        print(output.read_text(errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        driver.kill()
        driver.wait()
    if not (target / "spark.aot").is_file():
        sys.exit(f"the driver wrote no cache:\n{output.read_text(errors='replace')[-4000:]}")
    (target / "classpath").write_text(":".join(jars))
    log(f"{(target / 'spark.aot').stat().st_size >> 20} MiB")
    shutil.rmtree(directory)


if __name__ == "__main__":
    main()
