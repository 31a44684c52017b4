package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.aws.FakeMetadata;
import io.sparkappliance.settings.SecretSource;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SurroundingsTest {
  private static final String STACK = "zookeeper-of-the-test";

  @TempDir Path data;

  private final List<String> said = new CopyOnWriteArrayList<>();
  private volatile List<String> registered = List.of();
  private volatile List<String> inService = List.of();
  private HttpServer aws;
  private FakeMetadata metadata;

  @BeforeEach
  void start() throws IOException {
    metadata = new FakeMetadata("127.0.0.1");
    aws = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    aws.createContext("/", this::answer);
    aws.start();
  }

  @AfterEach
  void stop() {
    aws.stop(0);
    metadata.close();
  }

  @Test
  void anEnsembleThatIsAStackIsWaitedForAndFollowed() throws IOException {
    Settings settings =
        SettingsReader.read(environment(), Files::readString, SecretSource.NOT_ASKED).settings();
    registered = List.of("1", "2", "3");
    inService = List.of("1");
    try (Surroundings surroundings = Surroundings.of(world(), this::say)) {
      Surroundings.Known known = surroundings.known(settings, "127.0.0.1");

      String first = "10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181/spark";
      assertThat(known.settings().cluster().zooKeeper().map(ZooKeeperEnsemble::toString))
          .contains(first);
      assertThat(said)
          .contains("waits for the members of stack " + STACK + ": 10.0.0.1; 1 of 3 in service");
      Path conf = Files.createDirectories(settings.paths().confDir());
      Path written =
          Files.writeString(
              conf.resolve("spark-defaults.conf"), "spark.deploy.zookeeper.url=" + first + "\n");
      surroundings.writeDown(known.settings());

      registered = List.of("1", "2", "4");
      inService = registered;
      String then = "10.0.0.1:2181,10.0.0.2:2181,10.0.0.4:2181/spark";
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> known.zooKeeper().get().filter(it -> it.toString().equals(then)).isPresent());
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () -> assertThat(written).hasContent("spark.deploy.zookeeper.url=" + then + "\n"));
      assertThat(said)
          .anyMatch(line -> line.startsWith("ZooKeeper's servers are now 10.0.0.1:2181"));
    }
  }

  @Test
  void logsAreNamedAfterTheStackAndTheInstance() {
    Settings settings =
        SettingsReader.read(environment(), Files::readString, SecretSource.NOT_ASKED).settings();
    metadata.with("meta-data/tags/instance/aws:cloudformation:stack-name", "spark-1");
    try (Surroundings surroundings = Surroundings.of(world(), this::say)) {
      assertThat(surroundings.logOwner(settings, "127.0.0.1").stack()).isEqualTo("spark-1");
      assertThat(surroundings.logOwner(settings, "127.0.0.1").instance())
          .isEqualTo("i-0123456789abcdef0");
      assertThat(surroundings.logOwner(settings, "10.9.9.9").instance())
          .startsWith("i-0123456789abcdef0-");
    }
  }

  @Test
  void theNameOfTheStackIsAskedForAgainAndWhatStandsForItIsSaid() {
    Map<String, String> variables = with(Map.of("EMF_NAMESPACE", "spark"));
    Settings settings = settings(variables);
    metadata.with("meta-data/tags/instance/aws:cloudformation:stack-name", "spark-1");
    try (Surroundings surroundings = Surroundings.of(world(variables), this::say)) {
      surroundings.region();
      surroundings.role();
      metadata.failing(2);
      assertThat(surroundings.stack(settings)).isEqualTo("spark-1");
      assertThat(said).isEmpty();
    }
    try (Surroundings surroundings = Surroundings.of(world(variables), this::say)) {
      surroundings.role();
      metadata.away(true);
      String application = settings.application().id();
      assertThat(surroundings.stack(settings)).isEqualTo(application);
      assertThat(surroundings.stack(settings)).isEqualTo(application);
      assertThat(said)
          .singleElement()
          .asString()
          .startsWith("warning: the instance's metadata name no stack (http://127.0.0.1:")
          .endsWith(" go by the name of its application, " + application);
    }
  }

  @Test
  void aHookThatNobodyCanTellIsNamed() {
    Map<String, String> variables =
        with(Map.of("LIFECYCLE_HOOK", "drain", "AWS_EC2_METADATA_DISABLED", "true"));
    Settings settings = settings(variables);
    try (Surroundings surroundings = Surroundings.of(world(variables), this::say)) {
      assertThat(surroundings.departure(settings, new Departure.Node(timeout -> {}, timeout -> {})))
          .isEmpty();
    }
    assertThat(said)
        .containsExactly(
            "warning: LIFECYCLE_HOOK=drain is ignored, and no group is told that this node is done:"
                + " this machine is no EC2 instance");
    assertThat(Surroundings.withoutSdk("LIFECYCLE_HOOK", "drain").remedy())
        .endsWith("or leave LIFECYCLE_HOOK out.");
    assertThat(Surroundings.withoutSdk("MASTER_STACK_NAME", "x").remedy())
        .endsWith("or name hosts.");
  }

  @Test
  void anAddressThatNoOtherMachineReachesIsSaid() throws IOException {
    metadata.close();
    metadata =
        new FakeMetadata("198.51.100.7")
            .with("meta-data/tags/instance/aws:cloudformation:stack-name", "spark-1")
            .with("meta-data/network/interfaces/macs/", "0a:1/\n0a:2/")
            .with("meta-data/network/interfaces/macs/0a:1/local-ipv4s", "198.51.100.7")
            .with("meta-data/network/interfaces/macs/0a:2/local-ipv4s", "10.1.1.1\n10.1.1.2");
    Map<String, String> variables = with(Map.of("ZOOKEEPER_STACK_NAME", ""));
    Settings settings = settings(variables);
    try (Surroundings surroundings = Surroundings.of(world(variables), this::say)) {
      String own = surroundings.host(settings);
      assertThat(surroundings.known(settings, "10.1.1.2")).isNotNull();
      assertThat(surroundings.known(settings, "198.51.100.7")).isNotNull();
      assertThat(said).isEmpty();
      assertThat(surroundings.known(settings, own)).isNotNull();
      assertThat(said)
          .singleElement()
          .asString()
          .startsWith("warning: this node advertises " + own + ", which is no address of")
          .contains("ADVERTISED_HOST=instance", "--network host");
    }
    said.clear();
    Map<String, String> told = with(Map.of("ZOOKEEPER_STACK_NAME", "", "ADVERTISED_HOST", "h"));
    try (Surroundings surroundings = Surroundings.of(world(told), this::say)) {
      assertThat(surroundings.known(settings(told), "h")).isNotNull();
    }
    metadata.without("meta-data/tags/instance/aws:cloudformation:stack-name");
    try (Surroundings surroundings = Surroundings.of(world(variables), this::say)) {
      assertThat(surroundings.known(settings, "172.17.0.2")).as("alone").isNotNull();
    }
    assertThat(said).isEmpty();
  }

  private static Settings settings(Map<String, String> variables) {
    return SettingsReader.read(variables, Files::readString, SecretSource.NOT_ASKED).settings();
  }

  private Map<String, String> with(Map<String, String> more) {
    Map<String, String> variables = new HashMap<>(environment());
    variables.putAll(more);
    return variables;
  }

  private World world() {
    return world(environment());
  }

  private static World world(Map<String, String> variables) {
    PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
    return new World(variables, nowhere, nowhere);
  }

  private Map<String, String> environment() {
    return Map.of(
        "START_WORKER",
        "true",
        "MASTER_STACK_NAME",
        "spark://127.0.0.1:7077",
        "ZOOKEEPER_STACK_NAME",
        STACK + "/spark",
        "SPARK_APPLIANCE_DATA",
        data.toString(),
        "AWS_ENDPOINT_URL",
        "http://127.0.0.1:" + aws.getAddress().getPort(),
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        metadata.endpoint(),
        "AWS_ACCESS_KEY_ID",
        "AKIATEST",
        "AWS_SECRET_ACCESS_KEY",
        "secret-of-the-test");
  }

  private void say(String line) {
    said.add(line);
    if (line.contains("1 of 3")) {
      inService = registered;
    }
  }

  /** A classic balancer, and instances {@code i-N} with the addresses 10.0.0.N. */
  private void answer(HttpExchange exchange) throws IOException {
    String call = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    List<String> healthy = inService;
    String text =
        call.startsWith("Action=DescribeInstanceHealth")
            ? registered.stream()
                .map(
                    number ->
                        "<member><InstanceId>i-%s</InstanceId><State>%s</State></member>"
                            .formatted(
                                number, healthy.contains(number) ? "InService" : "OutOfService"))
                .collect(
                    Collectors.joining(
                        "",
                        "<R><DescribeInstanceHealthResult><InstanceStates>",
                        "</InstanceStates></DescribeInstanceHealthResult></R>"))
            : Stream.of("1", "2", "3", "4")
                .filter(number -> call.contains("=i-" + number))
                .map(
                    number ->
                        "<item><instanceId>i-%s</instanceId><instanceState><name>running</name></instanceState><privateIpAddress>10.0.0.%s</privateIpAddress></item>"
                            .formatted(number, number))
                .collect(
                    Collectors.joining(
                        "",
                        "<R><reservationSet><item><instancesSet>",
                        "</instancesSet></item></reservationSet></R>"));
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, bytes.length);
    try (var body = exchange.getResponseBody()) {
      body.write(bytes);
    }
  }
}
