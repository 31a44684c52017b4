package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;

/**
 * The node that most tests look at: every role in one container, nothing said about tokens. It is
 * started once per run, because its start is what takes time.
 */
final class SharedNode {
  /** Held by each class that uses it: what one test breaks or counts is not another's business. */
  static final String LOCK = "the shared node";

  /** Where the node's data is. */
  static final String DATA = "/var/lib/spark-appliance";

  /** Files of the shipped table of flights. */
  static final String WAREHOUSE_FLIGHTS = DATA + "/warehouse/flights";

  /** The largest upload it takes. */
  static final String MAX_UPLOAD = "1m";

  /** Time in which every role of a node on a busy machine becomes ready. */
  static final Duration START = Duration.ofMinutes(6);

  /** Given by a variable, so that tests can look for a secret where variables are passed on. */
  static final String NOTEBOOK_TOKEN = "notebook-token-of-the-shared-node";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static SharedNode instance;
  private static String failure;

  private final Container container;
  private final String network;
  private final Docker.Output firstHealth;
  private boolean flightsLoaded;

  private SharedNode(Container container, String network, Docker.Output firstHealth) {
    this.container = container;
    this.network = network;
    this.firstHealth = firstHealth;
  }

  /** The node, ready. */
  static synchronized SharedNode get() {
    if (failure != null) {
      throw new AssertionError("The node that all tests share did not start: " + failure);
    }
    if (instance == null) {
      instance = start();
    }
    return instance;
  }

  private static SharedNode start() {
    String network = Lab.network("single");
    Path wheel = Artifacts.wheel("greeter", "def greet(name):\n    return 'Good day, ' + name\n");
    Container container =
        Container.of(Lab.IMAGE)
            .roles(
                "MASTER",
                "WORKER",
                "THRIFTSERVER",
                "CONNECT",
                "HISTORYSERVER",
                "WEBAPP",
                "NOTEBOOK")
            .network(network, "node")
            // Enough for everything at once: the SQL server's executor and an application's.
            .option("--memory", "8g")
            .env("EXECUTOR_MEMORY", "1g")
            .env("DRIVER_MEMORY", "1g")
            .env("SPARK_WORKER_CORES", "4")
            .env("DEFAULT_CORES", "2")
            // Short, so that a test can wait for its end: as shipped it is ten minutes.
            .env("SPARK_CONF_spark_dynamicAllocation_cachedExecutorIdleTimeout", "45s")
            .env("MAX_UPLOAD_SIZE", MAX_UPLOAD)
            // Nothing needs it: it is there to be looked for.
            .env("NOTEBOOK_TOKEN", NOTEBOOK_TOKEN)
            .env("PYTHON_LIBS", "/data/" + wheel.getFileName())
            .env("EXT_JARS", "/data/" + functions().getFileName())
            .mount(Flights.csv().getParent(), "/data")
            .mount(initScripts(), "/docker-entrypoint-initdb.d")
            .volume(Lab.volume("single"), DATA)
            .publish(8000, 8080, 8888, 15002, 18080)
            .start("node");
    Docker.Output firstHealth = container.exec("health-check");
    try {
      container.awaitReady(START);
    } catch (AssertionError notReady) {
      // One try per run: the next class would wait as long, beside a node that is busy failing.
      failure = notReady.getMessage();
      container.kill();
      throw notReady;
    }
    return new SharedNode(container, network, firstHealth);
  }

  private static Path functions() {
    try {
      return Files.write(
          Lab.directory("data").resolve("functions.jar"),
          Artifacts.jar(Path.of("examples/java/Reversed.java")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path initScripts() {
    try {
      Path script = Lab.directory("initdb").resolve("10-note.sh");
      Files.writeString(script, "#!/bin/sh\ndate >>" + DATA + "/init-script-ran\n");
      Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
      return script.getParent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The container. */
  Container container() {
    return container;
  }

  /** The network on which other containers reach it as {@code node}. */
  String network() {
    return network;
  }

  /** What the health check said just after the start. */
  Docker.Output firstHealth() {
    return firstHealth;
  }

  /** The generated token, as an operator reads it. */
  String token() {
    return container.shell("cat " + DATA + "/secrets/api-token").strip();
  }

  /** The gateway, called with the token. */
  GatewayClient gateway() {
    return new GatewayClient(container, Optional.of(token()));
  }

  /**
   * Where a Connect client of this machine finds it. The client insists on TLS when there is a
   * token, unless the host is called localhost.
   */
  String connectAddress() {
    return "sc://localhost:" + container.port(15002) + "/;token=" + token();
  }

  /** Loads the flights into the table {@code flights}, once. */
  SharedNode withFlights() {
    if (!flightsLoaded) {
      gateway().query(example("sql/load-flights.sql"), "source=/data/flights.csv");
      flightsLoaded = true;
    }
    return this;
  }

  /** Waits until every role is ready. */
  void awaitReady() {
    container.awaitReady(START);
  }

  /** The master's own account of the cluster. */
  JsonNode master() {
    return json(Http.get(container.http(8080, "/json/")).text());
  }

  /** Cores that executors hold. */
  int coresInUse() {
    return master().path("coresused").asInt(-1);
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError("Not JSON: " + text, e);
    }
  }

  /** A file of the examples. */
  static String example(String path) {
    return new String(exampleBytes(path), UTF_8);
  }

  static byte[] exampleBytes(String path) {
    try {
      return Files.readAllBytes(Path.of("examples").resolve(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
