package io.sparkappliance.daemon;

import io.sparkappliance.settings.PassedOn;
import io.sparkappliance.sparkconf.NodeConfiguration;
import java.util.Map;

/** The environment that daemons get: what is passed on of this process's, and what Spark reads. */
final class ChildEnvironment {
  private ChildEnvironment() {}

  static Map<String, String> of(Map<String, String> own, NodeConfiguration node) {
    Map<String, String> environment = PassedOn.of(own);
    environment.putAll(node.environment());
    // Spark's scripts set it; a worker that was started without them can't build executors'
    // commands.
    environment.put("SPARK_SCALA_VERSION", "2.13");
    return environment;
  }
}
