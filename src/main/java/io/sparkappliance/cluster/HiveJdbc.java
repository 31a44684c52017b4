package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Hive's JDBC driver as the Spark distribution brings it along, so that client and thrift server
 * are always of one version. It is loaded apart: what it needs (Guava, Thrift, an HTTP client …)
 * stays off this program's class path, and nothing is shipped twice.
 */
public final class HiveJdbc {
  /** What is sent to a server that asks for no token: the token is not for it. */
  public static final Secret NO_PASSWORD = new Secret("none");

  private static final String DRIVER = "org.apache.hive.jdbc.HiveDriver";

  /** The driver and all it needs for a login with name and password; found by watching it load. */
  private static final List<String> ARTIFACTS =
      List.of(
          "hive-jdbc",
          "hive-service-rpc",
          "hive-common",
          "hive-serde",
          "hive-storage-api",
          // Spark's own build of Hive's service classes; the driver uses them, too.
          "spark-hive-thriftserver_2.13",
          "spark-common-utils-java_2.13",
          "spark-common-utils_2.13",
          "libthrift",
          "httpclient",
          "httpcore",
          "jcl-over-slf4j",
          "commons-lang3",
          "commons-codec",
          "guava",
          "failureaccess",
          "log4j-api");

  private final Driver driver;

  private HiveJdbc(Driver driver) {
    this.driver = driver;
  }

  /**
   * Loads the driver.
   *
   * @param sparkHome the Spark distribution
   * @throws IOException when the distribution lacks a jar that the driver needs
   */
  public static HiveJdbc load(Path sparkHome) throws IOException {
    // Never closed: its classes are in use until the process ends.
    URLClassLoader loader =
        new URLClassLoader(
            "hive-jdbc", jars(sparkHome.resolve("jars")).toArray(URL[]::new), new OnlyLogging());
    try {
      Class<?> type = Class.forName(DRIVER, true, loader);
      return new HiveJdbc((Driver) type.getDeclaredConstructor().newInstance());
    } catch (ReflectiveOperationException | LinkageError unusable) {
      throw new IOException("no usable " + DRIVER + " below " + sparkHome, unusable);
    }
  }

  private static List<URL> jars(Path directory) throws IOException {
    List<URL> urls = new ArrayList<>();
    try (Stream<Path> listing = Files.list(directory)) {
      List<Path> present = listing.toList();
      for (String artifact : ARTIFACTS) {
        urls.add(url(find(present, artifact, directory)));
      }
    }
    return urls;
  }

  private static Path find(List<Path> present, String artifact, Path directory) throws IOException {
    // The version follows: "guava-33.6.0-jre.jar", but not "hive-jdbc-handler-….jar".
    String name = Pattern.quote(artifact) + "-\\d.*\\.jar";
    return present.stream()
        .filter(path -> path.getFileName().toString().matches(name))
        .findFirst()
        .orElseThrow(() -> new IOException("no " + artifact + "-….jar in " + directory));
  }

  private static URL url(Path path) throws MalformedURLException {
    return path.toUri().toURL();
  }

  /**
   * Opens a session of its own on a thrift server.
   *
   * @param server where it listens
   * @param user any name where tokens are asked for
   * @param password the token, where one is asked for
   * @throws SQLException when nobody listens there, or the login is refused
   */
  public Connection connect(HostAndPort server, String user, Secret password) throws SQLException {
    Properties login = new Properties();
    login.setProperty("user", user);
    login.setProperty("password", password.reveal());
    try {
      Connection connection = driver.connect("jdbc:hive2://" + server + "/", login);
      if (connection == null) {
        throw new SQLException("the driver does not take the address " + server);
      }
      return connection;
    } catch (LinkageError | RuntimeException broken) {
      throw new SQLException("the JDBC driver failed: " + broken, broken);
    }
  }

  /**
   * The job group under which Spark does the work of a statement.
   *
   * @param statement of a connection of this driver
   * @return empty when the statement has not begun
   */
  public static Optional<String> jobGroup(Statement statement) {
    try {
      // The one way in which the driver tells an operation's id; Spark names its jobs by that.
      Object id = statement.getClass().getMethod("getYarnATSGuid").invoke(statement);
      return Optional.ofNullable(id)
          .map(text -> uuid(Base64.getUrlDecoder().decode((String) text)));
    } catch (ReflectiveOperationException | RuntimeException unknown) {
      return Optional.empty();
    }
  }

  private static String uuid(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new UUID(buffer.getLong(), buffer.getLong()).toString();
  }

  /** Shows the driver this program's logging, and the JDK; nothing else. */
  private static final class OnlyLogging extends ClassLoader {
    OnlyLogging() {
      super("hive-jdbc-logging", ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (name.startsWith("org.slf4j.")) {
        return HiveJdbc.class.getClassLoader().loadClass(name);
      }
      throw new ClassNotFoundException(name);
    }
  }
}
