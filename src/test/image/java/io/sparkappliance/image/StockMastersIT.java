package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A cluster with Spark's own recovery in ZooKeeper gets our masters while an application runs. */
@Tag("long")
@ExtendWith(LabExtension.class)
final class StockMastersIT {
  private static final int PAGE = 8080;
  private static final String GO = "/tmp/go";

  private final String network = Lab.network("stock");

  @Test
  void theApplicationOfAStockMasterGoesOnAtOurs() {
    try {
      node("zookeeper").roles("ZOOKEEPER").env("ADVERTISED_HOST", "zookeeper").start("zookeeper");
      Container stock =
          node("m1")
              .env("SPARK_CONF_spark_deploy_recoveryMode", "ZOOKEEPER")
              .env("SPARK_CONF_spark_deploy_zookeeper_url", "zookeeper:2181")
              .publish(PAGE)
              .command(
                  "spark-class",
                  "org.apache.spark.deploy.master.Master",
                  "--host",
                  "m1",
                  "--port",
                  "7077",
                  "--webui-port",
                  Integer.toString(PAGE))
              .start("m1");
      node("worker")
          .roles("WORKER")
          .env("SPARK_WORKER_CORES", "2")
          .env("SPARK_WORKER_MEMORY", "1g")
          .start("worker");
      awaitWorkerAt(stock);
      Container client =
          node("client")
              .mount(Path.of("src/test/image/programs/counts.py"), "/counts.py")
              .command("spark-submit", "/counts.py", GO)
              .start("client");
      awaitRounds(client, 3);
      String application = application(stock);

      Container ours = node("m2").roles("MASTER").publish(PAGE).start("m2");
      ours.awaitReady(HaCluster.DEADLINE);
      assertThat(master(ours)).map(it -> it.path("status").asText()).contains("STANDBY");
      int before = rounds(client);
      stock.kill();
      awaitWorkerAt(ours);
      assertThat(application(ours)).isEqualTo(application);
      awaitRounds(client, before + 3);
      assertThat(client.logs()).doesNotContain("wrong").doesNotContain("Lost executor");

      client.shell("touch " + GO);
      await("its end").atMost(HaCluster.DEADLINE).until(() -> !client.running());
      assertThat(client.logs()).contains("\nended\n");
      assertThat(client.exitCode()).isZero();
      await("the master knows of its end")
          .atMost(HaCluster.DEADLINE)
          .until(
              () ->
                  master(ours)
                      .filter(it -> it.path("completedapps").toString().contains(application))
                      .isPresent());
    } finally {
      Lab.removeContainersOf(network);
    }
  }

  private static void awaitWorkerAt(Container master) {
    await("a worker at " + master.label())
        .atMost(HaCluster.DEADLINE)
        .until(
            () ->
                master(master)
                    .filter(it -> it.path("status").asText().equals("ALIVE"))
                    .filter(it -> it.path("aliveworkers").asInt() == 1)
                    .isPresent());
  }

  private static String application(Container master) {
    JsonNode applications = master(master).orElseThrow().path("activeapps");
    assertThat(applications).hasSize(1);
    return applications.get(0).path("id").asText();
  }

  private static Optional<JsonNode> master(Container master) {
    try {
      return Optional.of(SharedNode.json(Http.get(master.http(PAGE, "/json/")).text()));
    } catch (RuntimeException | AssertionError away) {
      return Optional.empty();
    }
  }

  private static void awaitRounds(Container client, int count) {
    await(count + " rounds")
        .atMost(HaCluster.DEADLINE)
        .failFast(() -> !client.running())
        .until(() -> rounds(client) >= count);
  }

  private static int rounds(Container client) {
    return (int) client.logs().lines().filter(line -> line.matches("round \\d+ right")).count();
  }

  private Container.Plan node(String alias) {
    return Container.of(Lab.SLIM)
        .network(network, alias)
        .env("API_TOKEN", "token-of-the-stock")
        .env("ZOOKEEPER_STACK_NAME", "zookeeper:2181")
        .env("MASTER_STACK_NAME", "spark://m1:7077,m2:7077")
        .env("DRIVER_MEMORY", "512m")
        .env("EXECUTOR_MEMORY", "512m");
  }
}
