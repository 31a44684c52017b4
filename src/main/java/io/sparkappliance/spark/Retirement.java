package io.sparkappliance.spark;

import java.util.Map;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Lets executors retire together with their worker: tasks end, and blocks move to others. Spark has
 * one setting for that and for what happens to executors that are idle, so it is switched on in
 * executors only: their drivers go on ending idle ones at once, for the shuffle service has their
 * files.
 */
public final class Retirement implements SparkPlugin {
  private static final String DECOMMISSION = "spark.decommission.enabled";

  @Override
  public DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext context, Map<String, String> fromDriver) {
        // Asked for when the worker retires; an application may have refused.
        context.conf().setIfMissing(DECOMMISSION, "true");
      }
    };
  }
}
