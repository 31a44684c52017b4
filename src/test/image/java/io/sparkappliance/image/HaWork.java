package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Work that goes on while masters come and go: a PySpark application that computes the report of
 * the flights again and again, a client of JDBC that finds its server by ZooKeeper, and one of the
 * gateway.
 */
final class HaWork implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String SQL = "select sum(id) as total from range(1000)";
  private static final String APPLICATION =
      """
      import pathlib
      import time
      from pyspark.sql import SparkSession, functions as f

      spark = SparkSession.builder.appName("flights").getOrCreate()
      flights = (
          spark.read.csv("/data/flights.csv", header=True, inferSchema=True, nullValue="NA")
          .repartition(4, "carrier")
          .cache()
      )
      report = (
          flights.where((f.col("origin") == "%s") & (f.col("month") <= %s))
          .groupBy("carrier")
          .agg(f.count("*"), f.count("dep_delay"), f.sum("distance"), f.sum("arr_delay"))
          .orderBy("carrier")
      )
      with open("/tmp/rounds", "w", buffering=1) as rounds:
          while not pathlib.Path("/tmp/enough").exists():
              rows = [",".join(map(str, row)) for row in report.collect()]
              print(time.time(), ";".join(rows), file=rounds)
              time.sleep(0.5)
      print(spark.sparkContext.applicationId)
      """
          .formatted(Flights.ORIGIN, Flights.LAST_MONTH);

  private final HaCluster cluster;
  private final String job;
  private final String expected = String.join(";", Flights.expected());
  private final Container jdbc;
  private final List<Instant> gatewayAnswers = new ArrayList<>();
  private final List<String> wrongAnswers = new ArrayList<>();
  private final Thread gatewayClient;
  private volatile boolean stopped;
  private Instant begin = Instant.now();

  private HaWork(HaCluster cluster) {
    this.cluster = cluster;
    this.job =
        GatewayClient.jobId(
            cluster
                .gateway()
                .submit(
                    "flights.py",
                    APPLICATION.getBytes(UTF_8),
                    // An executor on each worker, for as long as it runs.
                    Map.of(
                        "job_settings",
                        "--conf spark.dynamicAllocation.enabled=false"
                            + " --conf spark.executor.cores=1 --conf spark.cores.max=2")));
    this.jdbc =
        cluster
            .client("jdbc")
            .option("--memory", "1g")
            .mount(Lab.file("password", HaCluster.TOKEN), "/run/password")
            .mount(queries(), "/queries.jar")
            .option("--entrypoint", "java")
            .command(
                "-XX:TieredStopAtLevel=1",
                "-cp",
                "/queries.jar:/opt/spark/jars/*",
                "Queries",
                "jdbc:hive2://n1:2181,n2:2181,n3:2181/;serviceDiscoveryMode=zooKeeper"
                    + ";zooKeeperNamespace=ha/hiveserver2",
                "/run/password",
                SQL,
                "500")
            .start("jdbc");
    this.gatewayClient = Thread.ofPlatform().name("client of the gateway").start(this::ask);
  }

  /** Starts it, and returns when each of the three has had an answer. */
  static HaWork start(HaCluster cluster) {
    HaWork work = new HaWork(cluster);
    work.assertGoesOn("the start");
    return work;
  }

  private static Path queries() {
    try {
      return Files.write(
          Lab.directory("files").resolve("queries.jar"),
          Artifacts.jar(Path.of("src/test/image/programs/Queries.java")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void ask() {
    while (!stopped) {
      try {
        String answer = cluster.gateway().query(SQL, "");
        synchronized (gatewayAnswers) {
          if (answer.contains("| 499500 ")) {
            gatewayAnswers.add(Instant.now());
          } else {
            wrongAnswers.add(answer);
          }
        }
      } catch (RuntimeException | AssertionError refused) {
        // What counts is when the next answer comes.
      }
      LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
    }
  }

  /**
   * All three get right answers from now on; how long each had to wait since the last call is
   * printed.
   */
  void assertGoesOn(String what) {
    Instant now = Instant.now();
    await("the application goes on after " + what)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> isAfter(rounds(), now));
    await("the client of JDBC gets answers after " + what)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> isAfter(jdbcAnswers(), now));
    await("the client of the gateway gets answers after " + what)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> isAfter(gatewayAnswers(), now));
    assertThat(roundsAsText())
        .allSatisfy(round -> assertThat(round.split(" ", 2)[1]).isEqualTo(expected));
    assertThat(jdbc.logs()).doesNotContain("wrong");
    synchronized (gatewayAnswers) {
      assertThat(wrongAnswers).isEmpty();
    }
    System.out.printf(
        "longest gap, %s: application %.1f s, JDBC %.1f s, gateway %.1f s%n",
        what, longest(rounds()), longest(jdbcAnswers()), longest(gatewayAnswers()));
    begin = Instant.now();
  }

  private static boolean isAfter(List<Instant> answers, Instant moment) {
    return !answers.isEmpty() && answers.getLast().isAfter(moment);
  }

  /** Seconds between two answers, of those since the last look. */
  private double longest(List<Instant> answers) {
    Instant last = begin;
    Duration longest = Duration.ZERO;
    for (Instant answer : answers) {
      if (answer.isAfter(begin)) {
        Duration gap = Duration.between(last, answer);
        longest = gap.compareTo(longest) > 0 ? gap : longest;
        last = answer;
      }
    }
    return longest.toMillis() / 1000.0;
  }

  private List<String> roundsAsText() {
    return cluster
        .gatewayNode()
        .exec("cat", "/tmp/rounds")
        .out()
        .lines()
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private List<Instant> rounds() {
    return roundsAsText().stream()
        .map(round -> Double.parseDouble(round.split(" ", 2)[0]))
        .map(seconds -> Instant.ofEpochMilli((long) (seconds * TimeUnit.SECONDS.toMillis(1))))
        .toList();
  }

  private List<Instant> jdbcAnswers() {
    return jdbc.logs()
        .lines()
        .filter(line -> line.startsWith("answer "))
        .map(line -> Instant.parse(line.substring("answer ".length())))
        .toList();
  }

  private List<Instant> gatewayAnswers() {
    synchronized (gatewayAnswers) {
      return List.copyOf(gatewayAnswers);
    }
  }

  /** How many executors the application had so far. */
  long executors() {
    return cluster.workers().stream()
        .flatMap(worker -> worker.logs().lines())
        .filter(line -> line.contains("Asked to launch executor ") && line.endsWith(" for flights"))
        .count();
  }

  /** Ends it: the application, whose driver was one and the same all the time, succeeds. */
  void end() {
    cluster.gatewayNode().shell("touch /tmp/enough");
    assertThat(cluster.gateway().output(job)).startsWith("app-");
  }

  @Override
  public void close() {
    stopped = true;
    gatewayClient.interrupt();
  }
}
