package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/** A driver on a worker outlives the master that started it, and is followed at the next one. */
@Isolated
@ExtendWith(LabExtension.class)
@Tag("long")
final class DriverFailoverIT {
  private static final int PORT = 8000;

  private static HaCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    cluster = HaCluster.start("drivers");
    Path files = Lab.directory("files-of-drivers");
    Files.write(files.resolve("patient.jar"), DriverOnWorker.jar());
    Container server =
        cluster
            .client("files")
            .mount(files, "/files")
            .publish(PORT)
            .option("--entrypoint", "python3")
            .command("-m", "http.server", "--directory", "/files", Integer.toString(PORT))
            .start("files");
    await("the jar")
        .atMost(HaCluster.DEADLINE)
        .ignoreExceptions()
        .until(() -> Http.get(server.http(PORT, "/patient.jar")).code() == 200);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void itGoesOnWhileTheLeaderAndThenTheGatewayAreKilled() {
    GatewayClient gateway = cluster.gateway();
    DriverOnWorker driver =
        DriverOnWorker.submit(gateway, "http://files:" + PORT + "/patient.jar", cluster.workers());
    JsonNode before = driver.awaitCounted(gateway);
    assertThat(before.path("driver_id").asText()).startsWith("driver-");
    String first = cluster.leader();
    cluster.node(first).kill();
    cluster.awaitAnotherLeader(first);
    cluster.gatewayNode().kill();
    cluster.gatewayNode().startAgain();
    cluster.gatewayNode().awaitReady(HaCluster.DEADLINE);
    JsonNode after = driver.job(gateway);
    for (String same : new String[] {"state", "driver_id", "spark_application_id", "attempt"}) {
      assertThat(after.path(same)).as(same).isEqualTo(before.path(same));
    }
    driver.end(gateway);
    assertThat(driver.begun()).isEqualTo(1);
    cluster.node(first).startAgain();
    cluster.awaitCalm();
    MasterEvents.assertNoTwoLeadersActed(cluster.nodes());
  }
}
