package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * What a JVM says about a cache that does not fit is easily overlooked, so the processes are looked
 * at, by an application that is one of them.
 */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class StartupCacheIT {
  private static final String WORDS_OF_PROCESSES_THAT_MAP_IT =
      """
      from pathlib import Path
      from pyspark.sql import SparkSession

      spark = SparkSession.builder.getOrCreate()
      assert spark.range(10).selectExpr("sum(id)").first()[0] == 45
      for process in Path("/proc").glob("[0-9]*"):
          try:
              if "/opt/spark/aot/spark.aot" in (process / "maps").read_text():
                  print((process / "cmdline").read_text().replace(chr(0), "\\n"))
          except OSError:
              pass  # it has ended
      """;

  @Test
  void sparksJvmsStartFromTheImagesClassData() {
    GatewayClient gateway = SharedNode.get().gateway();
    String job =
        GatewayClient.jobId(
            gateway.submit(
                "processes.py", WORDS_OF_PROCESSES_THAT_MAP_IT.getBytes(UTF_8), Map.of()));
    List<String> words = gateway.output(job).lines().toList();

    assertThat(words)
        .contains(
            "io.sparkappliance.spark.StandaloneMaster",
            "org.apache.spark.deploy.worker.Worker",
            "org.apache.spark.deploy.history.HistoryServer",
            "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
            "org.apache.spark.executor.CoarseGrainedExecutorBackend")
        .anyMatch(word -> word.endsWith("/" + job + "/application.py"));
  }
}
