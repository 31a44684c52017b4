package io.sparkappliance.spark;

import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.deploy.worker.DriverWrapper;

/**
 * Starts a driver on a worker. Its program's settings come by its environment, where only its own
 * user can read them; the others are those of the worker's node: its addresses, its directories and
 * its secrets, none of which was sent to it. Then it is Spark's own {@code DriverWrapper}.
 */
public final class DriverStart {
  /** Variable with the program's settings, as the text of a properties file. */
  static final String SETTINGS = "SPARK_APPLIANCE_DRIVER_SETTINGS";

  /** Variable with the names of those variables that executors are to have, too. */
  static final String VARIABLES = "SPARK_APPLIANCE_DRIVER_VARIABLES";

  private static final String CLUSTER_SECRET = "spark.authenticate.secret";

  /** {@code SecurityManager.ENV_AUTH_SECRET} of Spark, with which a worker starts drivers. */
  private static final String CLUSTER_SECRET_VARIABLE = "_SPARK_AUTH_SECRET";

  private static final int JAR = 1;
  private static final int PROGRAM = 2;

  private DriverStart() {}

  /**
   * Goes on as {@code DriverWrapper}.
   *
   * @param arguments what that takes: the worker's address, the jar, the class with a mark behind
   *     it, the program's own
   */
  public static void main(String[] arguments) throws IOException {
    addMissing(new StringReader(System.getenv().getOrDefault(SETTINGS, "")));
    share(System.getenv().getOrDefault(VARIABLES, ""));
    String directory = System.getenv("SPARK_CONF_DIR");
    if (directory != null) {
      Path file = Path.of(directory, "spark-defaults.conf");
      if (Files.exists(file)) {
        try (Reader reader = Files.newBufferedReader(file)) {
          addMissing(reader);
        }
      }
    }
    addMissing("spark.app.name", program(arguments));
    // As spark-submit does, so that executors get it from here.
    String jar = new File(arguments[JAR]).toURI().toString();
    System.setProperty(
        "spark.jars",
        Stream.of(System.getProperty("spark.jars", ""), jar)
            .filter(jars -> !jars.isBlank())
            .collect(Collectors.joining(",")));
    hideSecrets();
    String[] own = arguments.clone();
    own[PROGRAM] = program(arguments);
    DriverWrapper.main(own);
  }

  /** The class without its mark. */
  private static String program(String[] arguments) {
    return arguments[PROGRAM].split(" ", 2)[0];
  }

  /** What programs could read in the environment goes where {@link SecretGuard} looks after it. */
  private static void hideSecrets() {
    String secret = System.getenv(CLUSTER_SECRET_VARIABLE);
    if (secret != null) {
      addMissing(CLUSTER_SECRET, secret);
      OwnEnvironment.forget(CLUSTER_SECRET_VARIABLE);
    }
    OwnEnvironment.forget(SETTINGS);
  }

  private static void addMissing(Reader text) throws IOException {
    Properties more = new Properties();
    more.load(text);
    for (String key : more.stringPropertyNames()) {
      if (key.startsWith("spark.")) {
        addMissing(key, more.getProperty(key).strip());
      }
    }
  }

  private static void addMissing(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }

  private static void share(String names) {
    for (String name : names.split(",", -1)) {
      if (!name.isEmpty()) {
        addMissing("spark.executorEnv." + name, System.getenv(name));
      }
    }
  }
}
