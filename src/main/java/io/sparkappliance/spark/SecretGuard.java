package io.sparkappliance.spark;

import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Takes the cluster's secrets out of reach of SQL before the first query runs.
 *
 * <p>Every setting of a driver is a system property and part of each session's configuration, and
 * an executor finds the cluster secret in its environment, so that {@code
 * reflect('java.lang.System', 'getProperty', 'spark.authenticate.secret')} would print it. Spark's
 * {@code SecurityManager} looks for the secret in the user's Hadoop credentials first, where YARN
 * puts it; this plugin does the same, and then forgets the original. It keeps honest queries from
 * printing secrets; code that a user brings along still runs with the rights of the process, see
 * docs/security.md.
 */
public final class SecretGuard implements SparkPlugin {
  private static final String CLUSTER_SECRET = "spark.authenticate.secret";

  /** Of Spark Connect, which reads it from its configuration, where Spark redacts it. */
  private static final String TOKEN = "spark.connect.authenticate.token";

  /** {@code SecurityManager.ENV_AUTH_SECRET} of Spark. */
  private static final String CLUSTER_SECRET_VARIABLE = "_SPARK_AUTH_SECRET";

  @Override
  public DriverPlugin driverPlugin() {
    return new Driver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Executor();
  }

  private static final class Driver implements DriverPlugin {
    @Override
    public Map<String, String> init(SparkContext context, PluginContext plugin) {
      var conf = context.conf();
      if (conf.contains(CLUSTER_SECRET)) {
        ClusterCredentials.keep(conf.get(CLUSTER_SECRET));
        conf.remove(CLUSTER_SECRET);
      }
      // The passwords of key stores have been read by now: the web page is bound before plugins.
      for (var setting : conf.getAll()) {
        if (isPassword(setting._1())) {
          conf.remove(setting._1());
        }
      }
      System.getProperties().stringPropertyNames().stream()
          .filter(name -> name.equals(CLUSTER_SECRET) || name.equals(TOKEN) || isPassword(name))
          .forEach(System::clearProperty);
      return Map.of();
    }

    private static boolean isPassword(String setting) {
      return setting.startsWith("spark.ssl.") && setting.endsWith("Password");
    }
  }

  private static final class Executor implements ExecutorPlugin {
    @Override
    public void init(PluginContext context, Map<String, String> fromDriver) {
      String secret = System.getenv(CLUSTER_SECRET_VARIABLE);
      if (secret != null) {
        ClusterCredentials.keep(secret);
        OwnEnvironment.forget(CLUSTER_SECRET_VARIABLE);
      }
    }
  }
}
