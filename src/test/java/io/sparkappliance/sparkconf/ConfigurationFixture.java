package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.SecretSource;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import io.sparkappliance.storage.FetchLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A node's directories and environment, for tests of this package. */
final class ConfigurationFixture {
  static final String HOST = "10.0.0.5";
  static final MemorySize EIGHT_GIB = MemorySize.ofMebibytes(8192);
  static final FetchLimits IMPATIENT =
      new FetchLimits(
          Duration.ofSeconds(2),
          Duration.ofSeconds(2),
          Duration.ofSeconds(4),
          2,
          Duration.ofMillis(10));

  final Path home;
  final Path data;
  final Path mounted;
  final Map<String, String> environment = new TreeMap<>();
  Optional<Secret> rpcSecret = Optional.of(new Secret("cluster-secret"));
  SecretSource secrets = SecretSource.NONE;
  String host = HOST;
  MemorySize total = EIGHT_GIB;
  LocalDisks localDisks = LocalDisks.NONE;

  /** Directories below the given one; the appliance's own files are those of the source tree. */
  ConfigurationFixture(Path directory) throws IOException {
    home = directory.resolve("home");
    data = directory.resolve("data");
    mounted = directory.resolve("mounted");
    Files.createDirectories(home.resolve("conf"));
    for (String name : List.of("spark-defaults.conf", "log4j2.properties", "metrics.properties")) {
      Files.copy(Path.of("conf", name), home.resolve("conf").resolve(name));
    }
    set("START_MASTER", "true");
    set("START_WORKER", "true");
    set("START_THRIFTSERVER", "true");
    set("SPARK_APPLIANCE_HOME", home.toString());
    set("SPARK_APPLIANCE_DATA", data.toString());
    set("SPARK_APPLIANCE_CONF", mounted.toString());
    set("SPARK_HOME", "/opt/spark");
  }

  ConfigurationFixture set(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  Settings settings() {
    return SettingsReader.read(environment, Files::readString).settings();
  }

  Credentials credentials() {
    return new Credentials(new Secret("api-token"), new Secret("notebook-token"), rpcSecret);
  }

  NodeConfiguration prepare() {
    Outside outside = new Outside(environment, secrets, Optional::empty);
    return Preparation.prepare(settings(), credentials(), host, total, outside, IMPATIENT);
  }

  /** As a command on the node's volume would, which has a configuration of its own. */
  NodeConfiguration prepareClient(Path confDir) {
    Map<String, String> own = new TreeMap<>(environment);
    own.put("SPARK_CONF_DIR", confDir.toString());
    Outside outside = new Outside(own, secrets, Optional::empty);
    Settings settings =
        SettingsReader.readForClient(own, Files::readString, SecretSource.NONE).settings();
    return Preparation.prepareClient(settings, credentials(), host, total, outside, IMPATIENT);
  }

  NodeConfiguration plan() {
    return Preparation.plan(settings(), credentials(), host, total, environment);
  }

  /** Puts the layers together without any file. */
  NodeConfigurationBuilder.Result build(
      Map<String, String> extConf, Map<String, String> hiveSite, Problems problems) {
    return NodeConfigurationBuilder.build(
        settings(),
        credentials(),
        host,
        total,
        new ConfigurationSources(
            PropertiesFile.EMPTY,
            PropertiesFile.EMPTY,
            new PropertiesFile(new TreeMap<>(extConf), List.of()),
            new HiveSite(new TreeMap<>(hiveSite)),
            List.of(),
            List.of(),
            StartupCache.of(settings().paths().sparkHome()),
            new ObjectStoreFacts(false, false, Optional.empty()),
            secrets,
            localDisks,
            List.of()),
        problems);
  }

  Path write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  Path written(String name) {
    return data.resolve("conf").resolve(name);
  }
}
