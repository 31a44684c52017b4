package io.sparkappliance.jobs;

import java.util.Locale;
import java.util.Optional;

/** What an application writes. */
public enum LogStream {
  /** What the program prints. */
  OUTPUT(ApplicationRunner.OUTPUT),
  /** What its driver logs. */
  LOG(ApplicationRunner.DRIVER_LOG);

  private final String fileName;

  LogStream(String fileName) {
    this.fileName = fileName;
  }

  String fileName() {
    return fileName;
  }

  /** Reads {@code output} or {@code log}; empty when it is neither. */
  public static Optional<LogStream> parse(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "output" -> Optional.of(OUTPUT);
      case "log" -> Optional.of(LOG);
      default -> Optional.empty();
    };
  }
}
