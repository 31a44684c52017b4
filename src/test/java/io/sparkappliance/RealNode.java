package io.sparkappliance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.testing.SparkDistribution;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** The launcher as a process of its own, with Spark's real daemons on loopback. */
final class RealNode {
  static final String HOST = "127.0.0.1";
  private static final List<String> PORTS =
      List.of(
          "SPARK_MASTER_PORT",
          "SPARK_MASTER_WEBUI_PORT",
          "SPARK_WORKER_WEBUI_PORT",
          "SHUFFLE_SERVICE_PORT",
          "THRIFT_PORT",
          "CONNECT_PORT",
          "HISTORY_PORT",
          "MANAGEMENT_PORT",
          "SQL_DRIVER_PORT",
          "SQL_BLOCK_MANAGER_PORT",
          "SQL_UI_PORT");

  private final Path sparkHome = SparkDistribution.home();
  private final Path directory;
  private final Map<String, String> environment = new TreeMap<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private Process process;

  /** Lays out the appliance's own files below the given directory, as the build does. */
  RealNode(Path directory) throws IOException {
    this.directory = directory;
    Path home = directory.resolve("home");
    Files.createDirectories(home.resolve("conf"));
    Files.createDirectories(home.resolve("classpath"));
    for (String name : List.of("spark-defaults.conf", "log4j2.properties", "metrics.properties")) {
      Files.copy(Path.of("conf", name), home.resolve("conf").resolve(name));
    }
    // Spark's processes load the password check and the secret guard from here.
    int status =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "--create",
                "--file",
                home.resolve("classpath/spark-appliance.jar").toString(),
                "-C",
                Path.of("target/classes").toString(),
                ".");
    if (status != 0) {
      throw new IOException("jar ended with " + status);
    }
    set("PATH", System.getenv("PATH"));
    set("JAVA_HOME", System.getProperty("java.home"));
    set("ADVERTISED_HOST", HOST);
    set("SPARK_HOME", sparkHome.toString());
    set("PYSPARK_PYTHON", python());
    set("SPARK_APPLIANCE_HOME", home.toString());
    set("SPARK_APPLIANCE_DATA", directory.resolve("data").toString());
    set("SPARK_APPLIANCE_CONF", directory.resolve("mounted").toString());
    set("SPARK_DAEMON_MEMORY", "256m");
    set("DRIVER_MEMORY", "768m");
    set("AWS_EC2_METADATA_DISABLED", "true");
    set("EXECUTOR_MEMORY", "512m");
    set("SPARK_WORKER_MEMORY", "1g");
    set("SPARK_CONF_spark_driver_extraJavaOptions", SparkDistribution.ONE_COMPILER);
    set("SPARK_CONF_spark_executor_extraJavaOptions", SparkDistribution.ONE_COMPILER);
    choosePorts();
  }

  RealNode set(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  int port(String variable) {
    return Integer.parseInt(environment.get(variable));
  }

  RealNode start() throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // The product's own options: its logging is one of them.
            "@" + Path.of("conf", "appliance.jvm"),
            "-Xmx128m",
            "-cp",
            classPath(),
            Main.class.getName(),
            "launch");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectError(directory.resolve("errors.log").toFile())
            .redirectOutput(directory.resolve("output.log").toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    process = builder.start();
    return this;
  }

  Process process() {
    return process;
  }

  String output() throws IOException {
    return Files.readString(directory.resolve("output.log"));
  }

  /** Whether every role does its work now. */
  boolean isReady() {
    return get("MANAGEMENT_PORT", "/readyz")
        .filter(answer -> answer.statusCode() == 200)
        .isPresent();
  }

  /** What {@code /readyz} tells of one role. */
  JsonNode role(String role) throws IOException {
    String body = get("MANAGEMENT_PORT", "/readyz").map(HttpResponse::body).orElse("{}");
    return new ObjectMapper().readTree(body).path("roles").path(role);
  }

  Optional<HttpResponse<String>> get(String portVariable, String path) {
    URI address = URI.create("http://" + HOST + ":" + port(portVariable) + path);
    try {
      return Optional.of(
          http.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString()));
    } catch (IOException unreachable) {
      return Optional.empty();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** The daemon whose main class is the given one. */
  Optional<ProcessHandle> daemon(String mainClass) {
    try (Stream<ProcessHandle> children = process.children()) {
      return children.filter(child -> commandLine(child).contains(mainClass)).findFirst();
    }
  }

  static List<String> commandLine(ProcessHandle process) {
    return procFile(process, "cmdline");
  }

  static List<String> environmentOf(ProcessHandle process) {
    return procFile(process, "environ");
  }

  private static List<String> procFile(ProcessHandle process, String name) {
    try {
      String text = Files.readString(Path.of("/proc", Long.toString(process.pid()), name));
      return List.of(text.split("\0"));
    } catch (IOException ended) {
      return List.of();
    }
  }

  /** The first column of the first row. */
  String query(String sql, String password) throws Exception {
    HostAndPort server = new HostAndPort(HOST, port("THRIFT_PORT"));
    try (Connection connection =
            HiveJdbc.load(sparkHome).connect(server, "tester", new Secret(password));
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return String.valueOf(rows.getString(1));
    }
  }

  private void choosePorts() throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (String variable : PORTS) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        set(variable, Integer.toString(socket.getLocalPort()));
      }
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }

  /** What the product's own start script puts together. */
  private String classPath() throws IOException {
    List<String> parts = new ArrayList<>(List.of(System.getProperty("java.class.path")));
    for (String pattern :
        List.of("netty-*.jar", "spark-network-common_*.jar", "scala-library-*.jar")) {
      try (DirectoryStream<Path> jars =
          Files.newDirectoryStream(sparkHome.resolve("jars"), pattern)) {
        jars.forEach(jar -> parts.add(jar.toString()));
      }
    }
    return String.join(File.pathSeparator, parts);
  }

  private static String python() {
    return Optional.ofNullable(System.getProperty("spark.python"))
        .or(() -> Optional.ofNullable(System.getenv("PYSPARK_PYTHON")))
        .orElse("python3");
  }
}
