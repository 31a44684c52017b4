package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.Problems;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A {@code spark-defaults.conf} as Spark reads it: the format of {@link Properties}, values
 * stripped, the last of two equal keys counts, and keys that don't begin with {@code spark.} are
 * passed over, but for EMRFS's: its own file had them without a prefix.
 *
 * @param settings the Spark settings
 * @param notices a sentence for each key that was passed over
 */
record PropertiesFile(SortedMap<String, String> settings, List<String> notices) {
  private static final Pattern EMRFS = Pattern.compile("fs\\.s3n?\\.");

  /** A file that isn't there. */
  static final PropertiesFile EMPTY = new PropertiesFile(new TreeMap<>(), List.of());

  /**
   * Reads the text of a file.
   *
   * @param text the file's content
   * @param name what the user calls the file, for messages
   * @param problems gets what can't be read
   */
  static PropertiesFile parse(String text, String name, Problems problems) {
    Properties raw = new Properties();
    try {
      raw.load(new StringReader(text));
    } catch (IOException e) {
      throw new UncheckedIOException("a string can always be read", e);
    } catch (IllegalArgumentException e) {
      problems.add(
          name,
          "",
          "it is no properties file: " + e.getMessage(),
          "Write one \"key value\" or \"key=value\" per line; a backslash begins an escape, write two for one.");
      return EMPTY;
    }
    SortedMap<String, String> settings = new TreeMap<>();
    List<String> notices = new ArrayList<>();
    for (String key : new TreeMap<>(raw).keySet().stream().map(String.class::cast).toList()) {
      if (key.startsWith("spark.")) {
        settings.put(key, raw.getProperty(key).strip());
      } else if (EMRFS.matcher(key).lookingAt()) {
        settings.putIfAbsent("spark.hadoop." + key, raw.getProperty(key).strip());
      } else {
        notices.add(
            name
                + ": "
                + key
                + " is passed over, as Spark does: settings begin with \"spark.\" (Hadoop's and Hive's"
                + " are written spark.hadoop."
                + key
                + ").");
      }
    }
    return new PropertiesFile(settings, List.copyOf(notices));
  }

  /** A line that {@link Properties} reads back as this key and value, in ASCII. */
  static String line(String key, String value) {
    return escape(key, true) + "=" + escape(value, false) + "\n";
  }

  private static String escape(String text, boolean key) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case ' ' -> out.append(key || i == 0 ? "\\ " : " ");
        case '=', ':', '#', '!' -> out.append(key ? "\\" : "").append(c);
        default -> {
          if (c < 0x20 || c > 0x7e) {
            out.append("\\u").append(String.format("%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.toString();
  }
}
