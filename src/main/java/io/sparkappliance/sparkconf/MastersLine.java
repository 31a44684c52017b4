package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MasterUrl;
import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The line of {@code spark-defaults.conf} that names the masters: what programs start with. */
public final class MastersLine {
  private static final Pattern LINE = Pattern.compile("(?m)^spark\\.master=.*$");

  private MastersLine() {}

  /**
   * Names others, where a configuration has been written.
   *
   * @param confDir {@code SPARK_CONF_DIR}
   * @throws IOException when it can't be replaced; the old one is then untouched
   */
  public static void replace(Path confDir, List<HostAndPort> masters) throws IOException {
    Path file = confDir.resolve("spark-defaults.conf");
    if (!Files.exists(file)) {
      return;
    }
    String text = Files.readString(file);
    String now =
        LINE.matcher(text)
            .replaceFirst(
                Matcher.quoteReplacement(
                    PropertiesFile.line("spark.master", MasterUrl.of(masters)).strip()));
    if (!now.equals(text)) {
      AtomicFiles.write(file, now, "rw-------");
    }
  }
}
