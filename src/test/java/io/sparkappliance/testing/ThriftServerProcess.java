package io.sparkappliance.testing;

import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.spark.TokenPasswordProvider;
import io.sparkappliance.storage.FileTrees;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A real thrift server with a local master, the token as its password and a Derby metastore of its
 * own. All test classes that ask for one share it: its start takes longer than most of them.
 */
public final class ThriftServerProcess implements AutoCloseable {
  /** What logs one in. */
  public static final Secret TOKEN = new Secret("token-of-the-tests");

  private final HostAndPort address;
  private final int uiPort;
  private final Path directory;
  private final ProcessBuilder builder;
  private Process process;

  private ThriftServerProcess(
      HostAndPort address, int uiPort, Path directory, ProcessBuilder builder) {
    this.address = address;
    this.uiPort = uiPort;
    this.directory = directory;
    this.builder = builder;
  }

  /** Hands the shared server to test methods and to {@code @BeforeAll}. */
  public static final class Shared implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == ThriftServerProcess.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return context
          .getRoot()
          .getStore(ExtensionContext.Namespace.create(Shared.class))
          .computeIfAbsent(ThriftServerProcess.class, key -> start(), ThriftServerProcess.class);
    }
  }

  /** Where it listens. */
  public HostAndPort address() {
    return address;
  }

  /** Where its driver has its page, on the same host. */
  public int uiPort() {
    return uiPort;
  }

  /** Starts one that nobody shares, and that may be killed. */
  public static ThriftServerProcess start() {
    try {
      Path directory = Files.createTempDirectory("thrift-server");
      Path token = Files.writeString(directory.resolve("token"), TOKEN.reveal());
      HostAndPort address = new HostAndPort("127.0.0.1", freePort());
      int uiPort = freePort();
      // Hive looks the class up in a configuration of its own, which knows this file alone.
      Files.writeString(
          directory.resolve("hive-site.xml"),
          """
          <configuration>
            <property><name>hive.server2.authentication</name><value>CUSTOM</value></property>
            <property>
              <name>hive.server2.custom.authentication.class</name><value>%s</value>
            </property>
          </configuration>
          """
              .formatted(TokenPasswordProvider.class.getName()));
      ProcessBuilder builder =
          new ProcessBuilder(command(directory, token, address, uiPort))
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("log").toFile());
      builder.environment().put("SPARK_HOME", SparkDistribution.home().toString());
      builder.environment().put("SPARK_CONF_DIR", directory.toString());
      builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      ThriftServerProcess server = new ThriftServerProcess(address, uiPort, directory, builder);
      server.startAgain();
      return server;
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }

  /** Starts it, again at the same address. */
  public void startAgain() throws IOException {
    process = builder.start();
    boolean ready = false;
    try {
      awaitLogin();
      ready = true;
    } finally {
      if (!ready) {
        process.destroy();
      }
    }
  }

  /** Ends it as {@code kill -9} does. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  private static List<String> command(Path directory, Path token, HostAndPort address, int uiPort) {
    return List.of(
        SparkDistribution.home().resolve("bin/spark-submit").toString(),
        "--master",
        "local[1]",
        "--driver-memory",
        "1g",
        "--driver-java-options",
        "%2$s -Djava.io.tmpdir=%1$s -Dderby.system.home=%1$s"
            .formatted(directory, SparkDistribution.ONE_COMPILER),
        "--driver-class-path",
        // The second for what statements of tests call.
        Path.of("target/classes").toAbsolutePath()
            + ":"
            + Path.of("target/test-classes").toAbsolutePath(),
        "--conf",
        "spark.ui.port=" + uiPort,
        "--conf",
        "spark.sql.warehouse.dir=" + directory.resolve("warehouse"),
        "--conf",
        "spark.hadoop.javax.jdo.option.ConnectionURL=jdbc:derby:;databaseName="
            + directory.resolve("metastore_db")
            + ";create=true",
        "--conf",
        "spark.hadoop.hive.server2.thrift.bind.host=" + address.host(),
        "--conf",
        "spark.hadoop.hive.server2.thrift.port=" + address.port(),
        "--conf",
        TokenPasswordProvider.TOKEN_FILE + "=" + token,
        "--class",
        "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
        "spark-internal");
  }

  private void awaitLogin() throws IOException {
    HiveJdbc driver = HiveJdbc.load(SparkDistribution.home());
    Awaitility.await("a login at the thrift server, log in " + directory)
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(300))
        .ignoreExceptions()
        .until(
            () -> {
              try (Connection connection = driver.connect(address, "tests", TOKEN)) {
                return connection.isValid(5);
              }
            });
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    FileTrees.delete(directory);
  }
}
