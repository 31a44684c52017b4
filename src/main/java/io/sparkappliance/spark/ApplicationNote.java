package io.sparkappliance.spark;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Properties;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the gateway under which id the cluster knows an application that the gateway has started:
 * the driver writes it into a file whose path is in its environment. Drivers that somebody else has
 * started have no such variable, and write nothing. A program with one context after the other
 * tells of the last one.
 */
public final class ApplicationNote implements SparkPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(ApplicationNote.class);

  /** Named in the package jobs, too, which doesn't use this one. */
  static final String FILE_VARIABLE = "SPARK_APPLIANCE_NOTE";

  @Override
  public DriverPlugin driverPlugin() {
    return new Driver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return null;
  }

  private static final class Driver implements DriverPlugin {
    private SparkContext context;

    @Override
    public Map<String, String> init(SparkContext started, PluginContext plugin) {
      context = started;
      return Map.of();
    }

    /** The first call that comes when the application has its id. */
    @Override
    public void registerMetrics(String id, PluginContext plugin) {
      String file = System.getenv(FILE_VARIABLE);
      if (file == null) {
        return;
      }
      try {
        write(Path.of(file), id, context);
      } catch (IOException | RuntimeException unwritten) {
        // The application does not need it.
        LOG.debug("the application's id could not be written down", unwritten);
      }
    }
  }

  private static void write(Path file, String id, SparkContext context) throws IOException {
    Properties note = new Properties();
    note.setProperty("id", id);
    if (context.uiWebUrl().isDefined()) {
      note.setProperty("ui", context.uiWebUrl().get());
    }
    var conf = context.conf();
    if (conf.getBoolean("spark.ui.reverseProxy", false)
        && conf.get("spark.master", "").startsWith("spark://")) {
      note.setProperty("proxy", conf.get("spark.ui.reverseProxyUrl", ""));
    }
    StringWriter text = new StringWriter();
    note.store(text, null);
    Path temporary = Files.createTempFile(file.toAbsolutePath().getParent(), ".note", ".part");
    try {
      Files.writeString(temporary, text.toString());
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
