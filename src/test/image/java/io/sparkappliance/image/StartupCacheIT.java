package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What a JVM says about a cache that does not fit is easily overlooked, so the processes are looked
 * at. As their own user: root in a container may not see what they map.
 */
@ExtendWith(LabExtension.class)
final class StartupCacheIT {
  private static final String PROCESSES_THAT_MAP_IT =
      """
      for process in /proc/[0-9]*; do
        if grep -qs /opt/spark/aot/spark.aot $process/maps; then tr '\\0' '\\n' <$process/cmdline; fi
      done
      true
      """;

  @Test
  void sparksDaemonsStartFromTheImagesClassData() {
    List<String> words =
        SharedNode.get().container().exec("sh", "-c", PROCESSES_THAT_MAP_IT).out().lines().toList();

    assertThat(words)
        .contains(
            "org.apache.spark.deploy.master.Master",
            "org.apache.spark.deploy.worker.Worker",
            "org.apache.spark.deploy.history.HistoryServer",
            "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2");
  }
}
