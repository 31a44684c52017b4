package io.sparkappliance.image;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Real data: the 336,776 flights that left New York in 2013. */
final class Flights {
  /** How many they are. */
  static final int COUNT = 336_776;

  /** The report's parameters. */
  static final String ORIGIN = "JFK";

  static final String LAST_MONTH = "6";

  /** The same, as the gateway's {@code hive_vars}. */
  static final String VARIABLES = "origin=" + ORIGIN + " last_month=" + LAST_MONTH;

  private static final Pattern ROW =
      Pattern.compile("[|,\\s]*([A-Z0-9]{2})((?:[|,\\s]+-?\\d+){4})[|,\\s]*");

  private Flights() {}

  /** The raw data, as a file that any uid can read. */
  static synchronized Path csv() {
    Path file = Lab.directory("data").resolve("flights.csv");
    if (!Files.exists(file)) {
      HostPython.ok("export_flights.py", file.toString());
    }
    return file;
  }

  /** The report in plain Python: one line {@code carrier,flights,departed,miles,delay} each. */
  static List<String> expected() {
    return HostPython.ok("expected_flights.py", csv().toString(), ORIGIN, LAST_MONTH)
        .lines()
        .toList();
  }

  /** The report's lines in any output: a table, or values separated by commas. */
  static List<String> rows(String output) {
    return output
        .lines()
        .map(ROW::matcher)
        .filter(java.util.regex.Matcher::matches)
        .map(row -> row.group(1) + row.group(2).replaceAll("[|,\\s]+", ","))
        .toList();
  }
}
