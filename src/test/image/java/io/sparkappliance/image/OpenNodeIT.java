package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The image under the conditions of a strict platform: a uid that nobody knows, a root file system
 * that is read-only, little memory. And every door opened on request.
 */
@ExtendWith(LabExtension.class)
final class OpenNodeIT {
  private static final String NOTEBOOK_TOKEN = "token-of-the-open-node";
  private static String network;
  private static Container node;
  private static GatewayClient gateway;

  @BeforeAll
  static void start() {
    network = Lab.network("open");
    node =
        restricted(Container.of(Lab.IMAGE), "12345")
            .volume(Lab.volume("open"), SharedNode.DATA)
            .network(network, "open")
            .roles("MASTER", "WORKER", "THRIFTSERVER", "CONNECT", "WEBAPP", "NOTEBOOK")
            .env("NOTEBOOK_TOKEN", NOTEBOOK_TOKEN)
            .env("API_AUTH", "none")
            .env("THRIFT_AUTH", "none")
            .env("CONNECT_AUTH", "none")
            .env("SPARK_WORKER_CORES", "4")
            .env("DEFAULT_CORES", "2")
            .env("SPARK_CONF_spark_dynamicAllocation_executorIdleTimeout", "10s")
            .publish(8000, 8888, 15002)
            .start("open")
            .awaitReady(SharedNode.START);
    gateway = new GatewayClient(node, Optional.empty());
  }

  @AfterAll
  static void remove() {
    Lab.removeContainersOf(network);
  }

  private static Container.Plan restricted(Container.Plan plan, String user) {
    return plan.option("--user", user)
        .option("--read-only", "--tmpfs", "/tmp")
        .option("--cap-drop", "ALL", "--security-opt", "no-new-privileges")
        .option("--memory", "4g");
  }

  private static String writeAndRead(String path) {
    return """
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.getOrCreate()
    numbers = spark.range(1000).selectExpr("id", "id % 7 as k")
    numbers.write.mode("overwrite").option("compression", "snappy").parquet("PATH")
    print("rows", spark.read.parquet("PATH").groupBy("k").count().agg({"count": "sum"}).first()[0])
    """
        .replace("PATH", path);
  }

  @Test
  void nobodyIsAskedForAToken() {
    assertThat(gateway.query("select sum(id) as total from range(1000)", "")).contains("| 499500 ");
    Docker.Output beeline =
        Container.of(Lab.SLIM)
            .network(network, "client")
            .command("beeline", "-u", "jdbc:hive2://open:10000/", "-e", "select 6 * 7 as answer")
            .runToEnd(Duration.ofMinutes(2));
    assertThat(beeline.out()).as(beeline.all()).contains("| 42 ");
    assertThat(HostPython.ok("connect_sum.py", "sc://127.0.0.1:" + node.port(15002)))
        .isEqualTo("499500\n");
  }

  @Test
  void openDoorsAreToldInTheLog() {
    assertThat(node.logs()).contains("API_AUTH", "THRIFT_AUTH", "CONNECT_AUTH");
  }

  @Test
  void snappyParquetIsWrittenAndReadAlthoughTmpIsNotExecutable() {
    String table =
        gateway.query(
            "create table kept using parquet options (compression 'snappy')"
                + " as select id, id % 7 as k from range(1000);"
                + " select count(*) as n, count(distinct k) as k from kept",
            "");
    assertThat(table).contains("| 1000 ", "| 7 ");
  }

  @Test
  void applicationsWriteAndReadToo() {
    String code = writeAndRead("/var/lib/spark-appliance/home/numbers");
    String job =
        GatewayClient.jobId(
            gateway.submit("numbers.py", code.getBytes(StandardCharsets.UTF_8), Map.of()));
    assertThat(gateway.output(job)).isEqualTo("rows 1000\n");
  }

  @Test
  void pandasArrowAndRocksDbWorkHereToo() throws IOException {
    byte[] code = Files.readAllBytes(Path.of("src/test/image/programs/pandas_stream.py"));
    String job = GatewayClient.jobId(gateway.submit("pandas_stream.py", code, Map.of()));
    assertThat(gateway.output(job))
        .isEqualTo(
            """
            pandas udf 999000
            pandas 1000
            arrow 1000
            collected 499500
            pandas on spark 45
            stream [(0, 334), (1, 333), (2, 333)]
            state True
            """);
  }

  @Test
  void aCellOfTheNotebookRunsOnTheCluster() throws Exception {
    try (Kernel kernel = Kernel.start(node.http(8888, "/"), NOTEBOOK_TOKEN, "python3")) {
      assertThat(kernel.run(writeAndRead(SharedNode.DATA + "/home/cell") + "spark.stop()"))
          .contains("rows 1000");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"12345", "12345:12345", "185"})
  void anyUidHasAHomeAndAnIvyCacheInWhichItCanWrite(String user) {
    String program =
        writeAndRead("numbers")
            + """
            loader = spark._jvm.java.lang.Thread.currentThread().getContextClassLoader()
            print("package", loader.loadClass("Reversed").getName())
            """;
    Docker.Output output =
        restricted(Container.of(Lab.SLIM), user)
            .option("--tmpfs", SharedNode.DATA)
            .mount(mavenRepository("reversed"), "/repository")
            .command(
                "bash",
                "-c",
                "set -e; cd ~; echo here >written; id -un;"
                    + " mkdir ~/.m2; ln -s /repository ~/.m2/repository; printf '%s' \"$0\" >p.py;"
                    + " spark-submit --master local[1] --packages org.example:reversed:1.0 p.py",
                program)
            .runToEnd(Duration.ofMinutes(2));
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out()).contains("spark\n", "rows 1000\n", "package Reversed\n");
  }

  /** A local repository of Maven's, where Ivy looks before it asks anybody on the network. */
  private static Path mavenRepository(String artifact) {
    try {
      Path folder = Lab.directory("repository/org/example/" + artifact + "/1.0");
      Files.write(
          folder.resolve(artifact + "-1.0.jar"),
          Artifacts.jar(Path.of("examples/java/Reversed.java")));
      Files.writeString(
          folder.resolve(artifact + "-1.0.pom"),
          """
          <project>
            <modelVersion>4.0.0</modelVersion>
            <groupId>org.example</groupId>
            <artifactId>%s</artifactId>
            <version>1.0</version>
          </project>
          """
              .formatted(artifact));
      return Lab.directory("repository");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
