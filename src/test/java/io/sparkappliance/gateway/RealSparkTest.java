package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.gateway.GatewayFixture.Form;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** SQL and applications through the gateway's calls, on a real Spark with a local master. */
@ExtendWith(ThriftServerProcess.Shared.class)
class RealSparkTest {
  @TempDir private static Path directory;
  private static GatewayFixture gateway;
  private static ApiDefinition definition;

  @BeforeAll
  static void start(ThriftServerProcess thrift) throws IOException {
    definition = new ApiDefinition();
    Path conf = Files.createDirectories(directory.resolve("conf"));
    Files.writeString(
        conf.resolve("spark-defaults.conf"),
        """
        spark.master local[1]
        spark.ui.enabled false
        spark.driver.memory 512m
        spark.plugins io.sparkappliance.spark.ApplicationNote
        spark.driver.extraClassPath %s
        spark.driver.extraJavaOptions %s -Djava.io.tmpdir=%s
        """
            .formatted(
                Path.of("target/classes").toAbsolutePath(),
                SparkDistribution.ONE_COMPILER,
                directory));
    GatewayFixture.Cluster cluster = new GatewayFixture.Cluster();
    cluster.thrift = Optional.of(thrift.address());
    gateway =
        new GatewayFixture(
            directory.resolve("data"),
            SparkDistribution.home(),
            cluster,
            Map.of("SPARK_CONF_DIR", conf.toString()));
  }

  @AfterAll
  static void stop() {
    if (gateway != null) {
      gateway.close();
    }
  }

  private static HttpResponse<String> output(String id, String query) throws IOException {
    return definition.check(
        "get", "/get_job_output/{id}", gateway.get("/get_job_output/" + id + query));
  }

  @Test
  void a_query_comes_back_in_every_format() throws Exception {
    Form form =
        new Form()
            .file("query.sql", "select ${n} as n, '${hiveconf:word}' as w;")
            .field("hive_vars", "n=42")
            .field("hive_confs", "word=hello");
    String id = gateway.post("/send_query", form).body();
    assertThat(gateway.awaitEnd(id).statusCode()).isEqualTo(201);
    assertThat(output(id, "").body())
        .isEqualTo(
            "+-----+--------+\n|  n  |   w    |\n+-----+--------+\n| 42  | hello  |\n+-----+--------+\n");
    assertThat(output(id, "?format=csv").body()).isEqualTo("n,w\r\n42,hello\r\n");
    assertThat(output(id, "?format=json").body())
        .isEqualTo(
            "{\"job_id\":\""
                + id
                + "\",\"results\":[{\"columns\":[{\"name\":\"n\",\"type\":\"int\"},"
                + "{\"name\":\"w\",\"type\":\"string\"}],\"rows\":[[42,\"hello\"]]}]}");
  }

  @Test
  void a_failed_query_is_500_in_every_format() throws Exception {
    String id =
        gateway
            .post("/send_query", new Form().file("q.sql", "select 1 as a; select nonsense"))
            .body();
    assertThat(gateway.awaitEnd(id).statusCode()).isEqualTo(500);
    for (String query : new String[] {"", "?format=csv", "?format=json"}) {
      assertThat(output(id, query).statusCode()).isEqualTo(500);
    }
    assertThat(output(id, "").body())
        .startsWith("Job failed!\n+----+\n| a  |")
        .contains("Error: [UNRESOLVED_COLUMN");
    assertThat(output(id, "?format=csv").body()).isEqualTo("Job failed!\na\r\n1\r\n");
    assertThat(output(id, "?format=json").body()).contains("\"error\":\"[UNRESOLVED_COLUMN");
  }

  @Test
  void a_python_program_runs_with_its_arguments_and_settings() throws Exception {
    String program =
        """
        import os, sys
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        print(sys.argv[1:], spark.range(10).count(), spark.conf.get("spark.sql.shuffle.partitions"))
        print(spark.sparkContext.appName, [n for n in os.environ if "TOKEN" in n])
        print(spark.sparkContext.getConf().get("spark.hadoop.fs.s3a.secret.key"))
        """;
    String id =
        gateway
            .post(
                "/submit_application",
                new Form()
                    .file("My program.py", program)
                    .field("job_args", "a 'b c' --d")
                    .field(
                        "job_settings",
                        "--conf spark.sql.shuffle.partitions=3 spark.hadoop.fs.s3a.secret.key=a=b"))
            .body();
    assertThat(gateway.awaitEnd(id).statusCode()).as(output(id, "").body()).isEqualTo(201);
    assertThat(output(id, "").body())
        .isEqualTo("['a', 'b c', '--d'] 10 3\nMy program.py []\na=b\n");
    assertThat(
            GatewayFixture.json(gateway.get("/api/v1/jobs/" + id))
                .path("spark_application_id")
                .asText())
        .startsWith("local-");
  }

  @Test
  void a_jar_runs_its_main_class() throws Exception {
    Form form =
        new Form()
            .file("count.jar", jar())
            .field("main_class", "example.Count")
            .field("job_args", "\"two words\"")
            .field("job_settings", "spark.app.name=counting --driver-memory 600m");
    String id = gateway.post("/submit_application", form).body();
    assertThat(gateway.awaitEnd(id).statusCode()).as(output(id, "").body()).isEqualTo(201);
    assertThat(output(id, "").body()).isEqualTo("two words 1000 counting\n");
  }

  private static String classPath() throws IOException {
    try (Stream<Path> jars = Files.list(SparkDistribution.home().resolve("jars"))) {
      return jars.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
  }

  private static byte[] jar() throws IOException {
    Path source = Files.createDirectories(directory.resolve("example")).resolve("Count.java");
    Files.writeString(
        source,
        """
        package example;
        import org.apache.spark.sql.SparkSession;
        public class Count {
          public static void main(String[] arguments) {
            SparkSession spark = SparkSession.builder().getOrCreate();
            System.out.println(arguments[0] + " " + spark.range(1000).count()
                + " " + spark.sparkContext().appName());
            spark.stop();
          }
        }
        """);
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(null, messages, messages, "-proc:none", "-cp", classPath(), source.toString());
    assertThat(failed).as(() -> messages.toString(StandardCharsets.UTF_8)).isZero();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(bytes)) {
      jar.putNextEntry(new JarEntry("example/Count.class"));
      jar.write(Files.readAllBytes(source.resolveSibling("Count.class")));
      jar.closeEntry();
    }
    return bytes.toByteArray();
  }
}
