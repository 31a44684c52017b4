package io.sparkappliance.jobs;

import java.util.Locale;
import java.util.Optional;

/** How the results of a SQL job are written out. */
public enum OutputFormat {
  /** Tables as beeline draws them. */
  TEXT,
  /** RFC 4180. */
  CSV,
  /** One JSON object. */
  JSON;

  /** Reads {@code text}, {@code csv} or {@code json}, in any letter case; empty when it is none. */
  public static Optional<OutputFormat> parse(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "text" -> Optional.of(TEXT);
      case "csv" -> Optional.of(CSV);
      case "json" -> Optional.of(JSON);
      default -> Optional.empty();
    };
  }
}
