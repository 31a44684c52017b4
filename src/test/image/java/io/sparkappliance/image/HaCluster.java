package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Three nodes, each with a ZooKeeper server, a master and an SQL server; two workers and a gateway
 * beside them.
 */
final class HaCluster implements AutoCloseable {
  /** In which everything becomes ready on a busy machine. */
  static final Duration DEADLINE = Duration.ofMinutes(4);

  static final String TOKEN = "token-of-the-failovers";

  /** The ensemble, as clients name it. */
  static final String ZOOKEEPER = "n1:2181,n2:2181,n3:2181/ha";

  static final String MASTERS = "spark://n1:7077,n2:7077,n3:7077";

  /** Matches a master's command line, and not that of the shell in which this stands. */
  static final String MASTER_PROCESS = "io.sparkappliance.spark.StandaloneMaste[r]";

  private static final String SERVERS = "n1,n2,n3";
  private static final String LOGIN = "failovers:login-of-the-failovers";

  private final String network;
  private final Path secret = Lab.file("secret", "secret-of-the-failovers\n");
  private final Path login = Lab.file("login", LOGIN + "\n");
  private final Map<String, Container> nodes = new LinkedHashMap<>();
  private final Map<String, Container> workers = new LinkedHashMap<>();
  private Container gatewayNode;
  private GatewayClient gateway;

  private HaCluster(String network) {
    this.network = network;
  }

  private void startAll(String otherImage, String otherNode) {
    for (String node : SERVERS.split(",")) {
      nodes.put(
          node,
          member(node.equals(otherNode) ? otherImage : Lab.SLIM, node)
              .option("--memory", "3g")
              .roles("ZOOKEEPER", "MASTER", "THRIFTSERVER")
              .env("ZOOKEEPER_SERVERS", SERVERS)
              .env("ADVERTISED_HOST", node)
              .publish(8080)
              .start(node));
    }
    for (String worker : List.of("w1", "w2")) {
      workers.put(worker, worker(worker).start(worker));
    }
    gatewayNode =
        member("gateway").option("--memory", "2g").roles("WEBAPP").publish(8000).start("gateway");
    gateway = new GatewayClient(gatewayNode, Optional.of(TOKEN));
  }

  /** Starts it, and returns when all of it is ready. */
  static HaCluster start(String name) {
    return start(name, Lab.SLIM, "");
  }

  /** The same, with another image on one of the nodes. */
  static HaCluster start(String name, String otherImage, String otherNode) {
    HaCluster cluster = new HaCluster(Lab.network(name));
    try {
      cluster.startAll(otherImage, otherNode);
      cluster.awaitCalm();
    } catch (RuntimeException | AssertionError notReady) {
      Lab.saveLogs(name);
      cluster.close();
      throw notReady;
    }
    return cluster;
  }

  /** A container that knows this cluster. */
  Container.Plan member(String name) {
    return member(Lab.SLIM, name);
  }

  private Container.Plan member(String image, String name) {
    return client(image, name)
        .mount(secret, "/run/secrets/cluster")
        .env("SPARK_RPC_AUTHENTICATION_SECRET_FILE", "/run/secrets/cluster");
  }

  /** One that does not know the cluster's secret. */
  Container.Plan client(String name) {
    return client(Lab.SLIM, name);
  }

  private Container.Plan client(String image, String name) {
    return Container.of(image)
        .network(network, name)
        .env("API_TOKEN", TOKEN)
        .mount(login, "/run/secrets/zookeeper")
        .mount(Flights.csv().getParent(), "/data")
        .env("ZOOKEEPER_AUTH_FILE", "/run/secrets/zookeeper")
        .env("ZOOKEEPER_STACK_NAME", ZOOKEEPER)
        .env("MASTER_STACK_NAME", MASTERS)
        .env("EXECUTOR_MEMORY", "512m")
        .env("DRIVER_MEMORY", "512m")
        .env("DEFAULT_CORES", "1")
        .env("CLUSTER_SIZE", "3");
  }

  /** A worker that has room for an executor of SQL and two of an application. */
  Container.Plan worker(String name) {
    return member(name)
        .option("--memory", "3g")
        .roles("WORKER")
        .env("SPARK_WORKER_CORES", "3")
        .env("SPARK_WORKER_MEMORY", "2g");
  }

  Container node(String name) {
    return nodes.get(name);
  }

  Map<String, Container> nodes() {
    return nodes;
  }

  Container worker1() {
    return workers.get("w1");
  }

  Container worker2() {
    return workers.get("w2");
  }

  List<Container> workers() {
    return List.copyOf(workers.values());
  }

  Container gatewayNode() {
    return gatewayNode;
  }

  GatewayClient gateway() {
    return gateway;
  }

  /** Waits until every container that runs is ready, one master leads and has all workers. */
  void awaitCalm() {
    Stream.of(nodes.values(), workers.values(), List.of(gatewayNode))
        .flatMap(java.util.Collection::stream)
        .forEach(container -> container.awaitReady(DEADLINE));
    await("one master leads all workers")
        .atMost(DEADLINE)
        .pollInterval(Duration.ofMillis(300))
        .untilAsserted(() -> assertThat(leaders(workers.size())).hasSize(1));
    assertThat(leaders(0)).hasSize(1);
    String leader = leader();
    await("the gateway tells who leads")
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(gateway.get("/get_master_ip").text()).isEqualTo(leader));
    assertThat(gateway.get("/get_master_uri").text()).isEqualTo(MASTERS);
  }

  String leader() {
    return leaders(0).getFirst();
  }

  /** The masters that say they lead, with at least so many living workers. */
  List<String> leaders(int living) {
    return nodes.keySet().stream().filter(name -> leads(name, living)).toList();
  }

  private boolean leads(String name, int living) {
    return master(name)
        .filter(state -> state.path("status").asText().equals("ALIVE"))
        .filter(state -> state.path("aliveworkers").asInt() >= living)
        .isPresent();
  }

  /** Waits until another master leads, with all workers. */
  String awaitAnotherLeader(String old) {
    try {
      return await("a leader after " + old)
          .atMost(DEADLINE)
          .pollInterval(Duration.ofMillis(100))
          .until(
              () ->
                  nodes.keySet().stream()
                      .filter(name -> !name.equals(old))
                      .filter(name -> leads(name, workers.size()))
                      .findFirst(),
              Optional::isPresent)
          .orElseThrow();
    } catch (ConditionTimeoutException none) {
      throw new AssertionError("no leader after " + old + " but " + masters(), none);
    }
  }

  /** What each master says of itself. */
  private String masters() {
    return nodes.keySet().stream()
        .map(
            name ->
                name
                    + ": "
                    + master(name)
                        .map(
                            state ->
                                state.path("status").asText()
                                    + " with "
                                    + state.path("aliveworkers").asInt()
                                    + " workers")
                        .orElse("no answer"))
        .collect(Collectors.joining(", "));
  }

  private Optional<JsonNode> master(String name) {
    try {
      return Optional.of(SharedNode.json(Http.get(nodes.get(name).http(8080, "/json/")).text()));
    } catch (RuntimeException | AssertionError away) {
      return Optional.empty();
    }
  }

  /** Takes a node off the network; it goes on running. */
  void cutOff(String node) {
    Docker.ok("network", "disconnect", network, nodes.get(node).inspect("{{.Id}}"));
  }

  void reconnect(String node) {
    Docker.ok("network", "connect", "--alias", node, network, nodes.get(node).inspect("{{.Id}}"));
  }

  /** What a node says of its readiness. */
  static String readiness(Container container) {
    return Http.get(container.http(8090, "/readyz")).text();
  }

  /** The node that serves SQL, as the gateway tells; another than the given one. */
  String serving(String other) {
    String uri =
        await("somebody serves SQL")
            .atMost(DEADLINE)
            .pollInterval(Duration.ofMillis(300))
            .until(
                () -> gateway.get("/get_thrift_server_uri"),
                answer -> answer.code() == 200 && !answer.text().contains("//" + other + ":"))
            .text();
    return uri.replaceAll("jdbc:hive2://(\\w+):10000/", "$1");
  }

  @Override
  public void close() {
    // A test that fails closes its cluster first: what the nodes said would be gone.
    Lab.saveLogs(network, nodes.values());
    Lab.removeContainersOf(network);
  }
}
