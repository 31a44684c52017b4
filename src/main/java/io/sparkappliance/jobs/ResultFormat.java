package io.sparkappliance.jobs;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How one result of a SQL job is written out. */
public enum ResultFormat {
  /** A table as beeline draws it. */
  TEXT("text/plain;charset=utf-8"),
  /** RFC 4180, a line with the names first; null is an empty field. */
  CSV("text/csv;charset=utf-8"),
  /** A line with the names first; tabs and line ends escaped by a backslash, null is {@code \N}. */
  TSV("text/tab-separated-values;charset=utf-8"),
  /** One object with {@code columns}, {@code rows}, {@code offset} and {@code total_rows}. */
  JSON("application/json"),
  /** An object per line, by the columns' names. */
  JSONL("application/x-ndjson"),
  /** A stream of Arrow's record batches; what has no type of its own there is a text. */
  ARROW("application/vnd.apache.arrow.stream"),
  /** A file of Parquet, with the same types. */
  PARQUET("application/vnd.apache.parquet");

  private final String mediaType;

  ResultFormat(String mediaType) {
    this.mediaType = mediaType;
  }

  /** As it stands in {@code Content-Type}. */
  public String mediaType() {
    return mediaType;
  }

  /** Whether people can read it. */
  public boolean isText() {
    return this != ARROW && this != PARQUET;
  }

  /** The name in lower case. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads a name, in any letter case; empty when it is none. */
  public static Optional<ResultFormat> parse(String text) {
    return Arrays.stream(values()).filter(format -> format.word().equalsIgnoreCase(text)).findAny();
  }

  /** The first that a header {@code Accept} names (RFC 9110); empty when it names none of them. */
  public static Optional<ResultFormat> accepted(String header) {
    return Arrays.stream(header.split(",", -1))
        .map(range -> range.split(";", 2)[0].strip().toLowerCase(Locale.ROOT))
        .flatMap(
            type ->
                Arrays.stream(values())
                    .filter(format -> format.mediaType.split(";", 2)[0].equals(type)))
        .findFirst();
  }
}
