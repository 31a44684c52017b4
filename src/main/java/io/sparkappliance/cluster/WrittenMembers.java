package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MasterUrl;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/** Masters as the launcher of this node has written them down: it follows them. */
final class WrittenMembers implements Members {
  private final Path sparkDefaults;

  WrittenMembers(Path sparkDefaults) {
    this.sparkDefaults = sparkDefaults;
  }

  @Override
  public List<HostAndPort> now() {
    Properties written = new Properties();
    try (Reader reader = Files.newBufferedReader(sparkDefaults)) {
      written.load(reader);
    } catch (IOException notYet) {
      return List.of();
    }
    return MasterUrl.masters(written.getProperty("spark.master", ""));
  }
}
