package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.testing.SparkDistribution;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Spark is started on the written directory, once, and tells what it understood. */
class SparkReadsConfigurationTest {
  private static final String HOSTILE = "C:\\dir 'x' \"y\" $(id) `id` =:#! ünïcödé 漢字";

  private static final String APPLICATION =
      """
      import json, os, sys
      from pyspark.sql import SparkSession

      spark = SparkSession.builder.getOrCreate()
      context = spark.sparkContext
      jvm = context._jvm
      target = sys.argv[1] + "/table"
      spark.range(1000).selectExpr("id", "id % 7 as k").write.parquet(target)
      count = spark.read.parquet(target).groupBy("k").count().count()
      hive = jvm.org.apache.hadoop.hive.conf.HiveConf()
      # Entries are known once the object that holds them is loaded.
      for holder in ["History$", "UI$", "Worker$", "Status$", "Deploy$"]:
          jvm.java.lang.Class.forName("org.apache.spark.internal.config." + holder)
      jvm.java.lang.Class.forName("org.apache.spark.metrics.MetricsSystem")
      alternatives = {}
      for key, _ in context.getConf().getAll():
          entry = jvm.org.apache.spark.internal.config.ConfigEntry.findEntry(key)
          if entry is not None and entry.alternatives().nonEmpty():
              alternatives[key] = entry.alternatives().mkString(",")
      report = {
          "conf": dict(context.getConf().getAll()),
          "groups": count,
          "url": hive.get("javax.jdo.option.ConnectionURL"),
          "authentication": hive.get("hive.server2.authentication"),
          "classpath": os.environ.get("SPARK_DIST_CLASSPATH"),
          "log": jvm.org.apache.logging.log4j.LogManager.getContext(False).getConfiguration().getName(),
          "alternatives": alternatives,
      }
      with open(sys.argv[1] + "/report.json", "w") as out:
          json.dump(report, out)
      """;

  @TempDir static Path directory;

  private static ConfigurationFixture node;
  private static NodeConfiguration configuration;
  private static Map<String, Object> report;

  @BeforeAll
  static void runAnApplication() throws Exception {
    Path sparkHome = SparkDistribution.home();
    node = new ConfigurationFixture(directory);
    node.host = "127.0.0.1";
    node.set("SPARK_HOME", sparkHome.toString())
        .set("DEFAULT_CORES", "2")
        .set("EXT_CONF", node.write(directory.resolve("ext.conf"), extConf()).toString());
    configuration = node.prepare();
    Path application = node.write(directory.resolve("report.py"), APPLICATION);
    Path output = directory.resolve("output.log");
    ProcessBuilder builder =
        new ProcessBuilder(
                sparkHome.resolve("bin/spark-submit").toString(),
                "--master",
                "local[2]",
                application.toString(),
                directory.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    // What spark-env.sh exports must come from there.
    builder.environment().keySet().removeIf(name -> name.matches("(PY)?SPARK_.*|PYTHONPATH"));
    builder.environment().put("SPARK_CONF_DIR", node.written("").toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    int status = builder.start().waitFor();
    assertThat(status).as(Files.readString(output)).isZero();
    report =
        new ObjectMapper()
            .readValue(directory.resolve("report.json").toFile(), new TypeReference<>() {});
  }

  @AfterAll
  static void forget() {
    report = null;
  }

  @Test
  void everyWrittenSettingArrivesAsItIs() {
    Map<String, String> understood = understood();
    configuration
        .properties()
        .forEach(
            (key, property) -> {
              switch (key) {
                case "spark.master" -> assertThat(understood).containsEntry(key, "local[2]");
                // The guard takes it out of the session's reach.
                case "spark.authenticate.secret" -> assertThat(understood).doesNotContainKey(key);
                default -> assertThat(understood).as(key).containsEntry(key, property.value());
              }
            });
    assertThat(understood).containsEntry("spark.hostile", HOSTILE);
  }

  @Test
  void jobsRunAndTheirEventLogIsWritten() throws IOException {
    assertThat(report).containsEntry("groups", 7);
    try (Stream<Path> logs = Files.list(node.data.resolve("events"))) {
      assertThat(logs).hasSize(1);
    }
  }

  @Test
  void hiveReadsItsFile() {
    assertThat(report)
        .containsEntry("url", "jdbc:derby:;databaseName=" + node.data + "/metastore_db;create=true")
        .containsEntry("authentication", "CUSTOM");
  }

  @Test
  void sparkEnvIsSourced() {
    assertThat(report)
        .containsEntry(
            "classpath",
            node.home + "/spark-jars/*" + File.pathSeparator + node.home + "/classpath/*");
  }

  @Test
  void loggingIsTheAppliancesAndQuiet() throws IOException {
    assertThat(report).containsEntry("log", "SparkAppliance");
    assertThat(Files.readAllLines(directory.resolve("output.log")))
        .noneMatch(line -> line.contains(" WARN ") || line.contains(" ERROR "));
  }

  /** Spark would read our value and never look at the user's, if it had another name. */
  @Test
  void noSettingOfOursHasAnotherNameThatAUserCouldGiveInVain() {
    assertThat(report).containsEntry("alternatives", Map.of());
  }

  private static String extConf() {
    // On a node the appliance's own classes are on Spark's class path.
    return PropertiesFile.line("spark.hostile", HOSTILE)
        + "\n"
        + PropertiesFile.line(
            "spark.driver.extraClassPath", Path.of("target/classes").toAbsolutePath().toString());
  }

  @SuppressWarnings("unchecked")
  private static Map<String, String> understood() {
    return (Map<String, String>) report.get("conf");
  }
}
