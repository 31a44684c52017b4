package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One name for all masters, as of a service, and all of them replaced by others. */
@Tag("long")
@ExtendWith(LabExtension.class)
final class MovedMastersIT {
  private static final String TOKEN = "token-of-the-moved";

  private final String network = Lab.network("moved");

  @Test
  void workersSqlAndGatewaysGoOnWithMastersTheyNeverKnew() {
    try {
      node("zookeeper").roles("ZOOKEEPER").env("ADVERTISED_HOST", "zookeeper").start("zookeeper");
      List<Container> masters = masters("m1", "m2");
      Container worker =
          node("worker").roles("WORKER").env("SPARK_WORKER_MEMORY", "1g").start("worker");
      Container sql =
          node("sql")
              .roles("THRIFTSERVER", "WEBAPP")
              .env("READY_TIMEOUT", "1m")
              .publish(8000)
              .start("sql");
      GatewayClient gateway = new GatewayClient(sql, Optional.of(TOKEN));
      worker.awaitReady(HaCluster.DEADLINE);
      sql.awaitReady(HaCluster.DEADLINE);
      assertAnswers(gateway);

      // First, so that they get other addresses.
      List<Container> others = masters("m3", "m4");
      masters.forEach(Container::kill);
      awaitTheWorkerAt(others);
      await("the gateway's next answer")
          .atMost(HaCluster.DEADLINE)
          .untilAsserted(() -> assertAnswers(gateway));
      assertThat(sql.logs()).contains("sql is ready").doesNotContain("sql failed");

      worker.shell("pkill -KILL -f org.apache.spark.deploy.worker.Worke[r]");
      awaitTheWorkerAt(others);

      // They know nothing of the worker, nor of the application: as if ZooKeeper were a new one.
      List<Container> strangers =
          masters(
              plan -> plan.env("SPARK_CONF_spark_deploy_zookeeper_dir", "/elsewhere"), "m5", "m6");
      others.forEach(Container::kill);
      awaitTheWorkerAt(strangers);
      assertThat(worker.logs()).contains("worker starts anew");
      await("the SQL server is another application")
          .atMost(HaCluster.DEADLINE)
          .until(() -> sql.logs().contains("sql ends here: the leading master"));
      await("the gateway's next answer")
          .atMost(HaCluster.DEADLINE)
          .untilAsserted(() -> assertAnswers(gateway));
    } finally {
      Lab.removeContainersOf(network);
    }
  }

  private static void assertAnswers(GatewayClient gateway) {
    assertThat(gateway.query("select sum(id) from range(4)", "")).contains("| 6 ");
  }

  private List<Container> masters(String... names) {
    return masters(plan -> plan, names);
  }

  private List<Container> masters(UnaryOperator<Container.Plan> as, String... names) {
    List<Container> masters =
        Stream.of(names)
            .map(
                name ->
                    as.apply(node("masters"))
                        // As a service's containers have: not the service's own name.
                        .option("--hostname", name)
                        .roles("MASTER")
                        .publish(8080)
                        .start(name))
            .toList();
    masters.forEach(master -> master.awaitReady(HaCluster.DEADLINE));
    return masters;
  }

  private static void awaitTheWorkerAt(List<Container> masters) {
    await("the worker is alive at one of " + masters)
        .atMost(HaCluster.DEADLINE)
        .until(() -> masters.stream().filter(MovedMastersIT::hasAWorker).count() == 1);
  }

  private static boolean hasAWorker(Container master) {
    try {
      JsonNode state = SharedNode.json(Http.get(master.http(8080, "/json/")).text());
      return state.path("status").asText().equals("ALIVE")
          && state.path("aliveworkers").asInt() == 1;
    } catch (RuntimeException | AssertionError notYet) {
      return false;
    }
  }

  private Container.Plan node(String alias) {
    return Container.of(Lab.SLIM)
        .network(network, alias)
        .env("API_TOKEN", TOKEN)
        .env("ZOOKEEPER_STACK_NAME", "zookeeper:2181")
        .env("MASTER_STACK_NAME", "spark://masters:7077")
        .env("DRIVER_MEMORY", "512m")
        .env("EXECUTOR_MEMORY", "512m");
  }
}
