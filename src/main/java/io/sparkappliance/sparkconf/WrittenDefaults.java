package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MasterUrl;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lines of {@code spark-defaults.conf} that name other nodes, which may be replaced: what programs
 * start with.
 */
public final class WrittenDefaults {
  private static final String ENSEMBLE = "spark.deploy.zookeeper.url";

  private WrittenDefaults() {}

  /**
   * Names others, where a configuration has been written.
   *
   * @param confDir {@code SPARK_CONF_DIR}
   * @throws IOException when it can't be replaced; the old one is then untouched
   */
  public static void masters(Path confDir, List<HostAndPort> masters) throws IOException {
    replace(confDir, "spark\\.master=.*", line("spark.master", MasterUrl.of(masters)));
  }

  /**
   * Names another ensemble, where one has been written down for a master; one that somebody else
   * named stays.
   *
   * @param confDir {@code SPARK_CONF_DIR}
   * @param before what may have been written
   * @throws IOException when it can't be replaced; the old one is then untouched
   */
  public static void zooKeeper(Path confDir, ZooKeeperEnsemble before, ZooKeeperEnsemble now)
      throws IOException {
    replace(
        confDir, Pattern.quote(line(ENSEMBLE, before.toString())), line(ENSEMBLE, now.toString()));
  }

  private static String line(String key, String value) {
    return PropertiesFile.line(key, value).strip();
  }

  private static void replace(Path confDir, String before, String now) throws IOException {
    Path file = confDir.resolve("spark-defaults.conf");
    if (!Files.exists(file)) {
      return;
    }
    String text = Files.readString(file);
    String replaced =
        Pattern.compile("(?m)^" + before + "$")
            .matcher(text)
            .replaceFirst(Matcher.quoteReplacement(now));
    if (!replaced.equals(text)) {
      AtomicFiles.write(file, replaced, "rw-------");
    }
  }
}
