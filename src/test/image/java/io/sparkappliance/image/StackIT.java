package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkappliance.testing.MotoServer;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Nodes in stacks on AWS find each other: masters of their own stack, a worker that knows that
 * stack's name, ZooKeeper behind a load balancer. No node has an address of another in its
 * environment, and none has a key.
 */
@ExtendWith(LabExtension.class)
final class StackIT {
  private static final long PLACE = ProcessHandle.current().pid();
  private static final String NET = "10.%d.%d.".formatted(200 + PLACE % 50, PLACE / 50 % 250);
  private static final String SUBNET = NET + "0/24";
  private static final String STACK = "spark-ha";
  private static final String MEMBERS = "members of stack " + STACK + ": ";

  private static String network;
  private static MotoServer moto;
  private static Cloud cloud;

  @BeforeAll
  static void start() throws IOException {
    network = Lab.network("stack", SUBNET);
    // This machine's address in that network.
    moto = MotoServer.start(NET + "1");
    cloud = Cloud.start(network, "--ip", NET + "5");
  }

  @AfterAll
  static void stop() {
    if (moto != null) {
      moto.close();
    }
  }

  @Test
  void mastersAndWorkersFindEachOtherAndFollow() {
    container("zookeeper", 20).roles("ZOOKEEPER").start("zookeeper");
    nodes("balance", "zk-1", 20);
    Container first = master("m1", 11).roles("WORKER", "WEBAPP").publish(8000).start("m1");
    Container second = master("m2", 12).start("m2");
    Container worker =
        container("worker", 31)
            .roles("WORKER")
            .env("MASTER_STACK_NAME", STACK)
            .env("SPARK_WORKER_MEMORY", "1g")
            .start("worker");

    // The master does not wait for others; who needs the list of them does.
    nodes("join", STACK, 11);
    await("a master leads")
        .atMost(HaCluster.DEADLINE)
        .until(() -> Stream.of(first, second).anyMatch(master -> aliveWorkers(master) >= 0));
    await("its worker waits")
        .atMost(HaCluster.DEADLINE)
        .until(() -> first.logs().contains("waits: " + MEMBERS + "1 of 2 in service"));

    nodes("join", STACK, 12);
    Stream.of(first, second, worker).forEach(node -> node.awaitReady(HaCluster.DEADLINE));
    await("both workers")
        .atMost(HaCluster.DEADLINE)
        .until(() -> Stream.of(first, second).anyMatch(master -> aliveWorkers(master) == 2));
    assertThat(first.logs()).contains(MEMBERS + NET + "11, " + NET + "12");
    assertThat(masterUri(first)).isEqualTo(uri(11, 12));
    await("programs on the worker's node know both")
        .atMost(HaCluster.DEADLINE)
        .until(() -> masterOfPrograms(worker).equals(uri(11, 12)));

    // The second is replaced by another instance, then that one takes over.
    second.kill();
    nodes("leave", STACK, 12);
    Container third = master("m3", 13).start("m3");
    nodes("join", STACK, 13);
    third.awaitReady(HaCluster.DEADLINE);
    await("the gateway knows the new list")
        .atMost(HaCluster.DEADLINE)
        .until(() -> masterUri(first).equals(uri(11, 13)));
    await("programs, too")
        .atMost(HaCluster.DEADLINE)
        .until(() -> masterOfPrograms(worker).equals(uri(11, 13)));
    first.kill();
    nodes("leave", STACK, 11);
    await("the new master has the worker that never heard of it")
        .atMost(HaCluster.DEADLINE)
        .until(() -> aliveWorkers(third) == 1);
    assertThat(worker.logs()).doesNotContain("AWS_ACCESS_KEY_ID");
  }

  @Test
  void elsewhereThanOnAwsTheNameOfAStackIsAnError() {
    Docker.Output output =
        Container.of(Lab.SLIM)
            .roles("WORKER")
            .env("MASTER_STACK_NAME", "spark-1")
            .runToEnd(SharedNode.START);

    assertThat(output.exitCode()).isEqualTo(78);
    assertThat(output.all())
        .contains("MASTER_STACK_NAME=spark-1: this is the name of a stack on AWS")
        .contains("Write spark://host:7077");
  }

  private static Container.Plan master(String name, int place) {
    cloud.stack(NET + place, STACK);
    return container(name, place)
        .roles("MASTER")
        .env("ZOOKEEPER_STACK_NAME", "zk-1")
        .env("CLUSTER_SIZE", "2")
        .env("SPARK_WORKER_MEMORY", "1g")
        .publish(8080);
  }

  private static Container.Plan container(String name, int place) {
    return Container.of(Lab.SLIM)
        .network(network, name)
        .option("--ip", NET + place)
        .instanceMetadata(Cloud.METADATA)
        .env("ADVERTISED_HOST", "instance")
        .env("AWS_ENDPOINT_URL", moto.endpoint())
        .env("API_AUTH", "none")
        .env("SPARK_RPC_AUTHENTICATION_SECRET", "a-secret-of-the-stack");
  }

  private static void nodes(String what, String stack, int place) {
    HostPython.okWithAws("nodes.py", moto.endpoint(), what, stack, SUBNET, NET + place);
  }

  private static String uri(int first, int second) {
    return "spark://%s%d:7077,%s%d:7077".formatted(NET, first, NET, second);
  }

  private static String masterUri(Container gateway) {
    return Http.get(gateway.http(8000, "/get_master_uri")).text().strip();
  }

  private static String masterOfPrograms(Container node) {
    return node.shell("sed -n 's/^spark.master=//p' $SPARK_CONF_DIR/spark-defaults.conf").strip();
  }

  private static JsonNode state(Container master) {
    try {
      return SharedNode.json(Http.get(master.http(8080, "/json/")).text());
    } catch (RuntimeException | AssertionError notYet) {
      return SharedNode.json("{}");
    }
  }

  private static int aliveWorkers(Container master) {
    JsonNode state = state(master);
    return state.path("status").asText().equals("ALIVE") ? state.path("aliveworkers").asInt() : -1;
  }
}
