package io.sparkappliance;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.S3Folder;
import io.sparkappliance.supervise.Console;
import io.sparkappliance.supervise.LogOwner;
import io.sparkappliance.supervise.LogShipper;
import io.sparkappliance.supervise.LogStore;
import io.sparkappliance.supervise.ShipmentFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Daemons' logs in S3, where {@code LOG_DIR} says so. */
final class LogShipping {
  /** A piece has 16 MiB at most, before it is compressed. */
  private static final Duration ATTEMPT = Duration.ofSeconds(60);

  private LogShipping() {}

  /**
   * Empty where logs stay on this machine.
   *
   * @param owner whose logs they are
   * @param environment where the way to S3 is looked up
   */
  static Optional<LogShipper> of(
      Settings settings, LogOwner owner, Map<String, String> environment, Console console) {
    return settings.logShipping().map(wish -> of(settings, wish, owner, environment, console));
  }

  private static LogShipper of(
      Settings settings,
      Settings.LogShipping wish,
      LogOwner owner,
      Map<String, String> environment,
      Console console) {
    S3Folder folder = S3Folder.of("LOG_DIR", wish.folder(), environment, ATTEMPT);
    try {
      return new LogShipper(
          settings.paths().unshippedLogs(),
          owner,
          new S3Store(wish.folder(), folder),
          wish.interval(),
          console::say);
    } catch (IOException failure) {
      throw ConfigurationException.unwritable(
          settings.paths().data(), "logs that wait to be sent", failure);
    }
  }

  private record S3Store(String location, S3Folder folder) implements LogStore {
    @Override
    public void put(String name, Path file) throws ShipmentFailure {
      try {
        folder.put(name, file);
      } catch (FetchFailure failure) {
        throw new ShipmentFailure(
            "LOG_DIR=%s: %s. %s".formatted(location, failure.getMessage(), failure.remedy()),
            failure.isTemporary(),
            failure);
      }
    }

    @Override
    public void close() {
      folder.close();
    }
  }
}
