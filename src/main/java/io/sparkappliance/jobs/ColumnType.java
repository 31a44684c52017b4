package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The type that a column has in formats with types. Decimals without known precision and timestamps
 * without a known time zone, as jobs of earlier versions left them, are texts.
 *
 * @param kind which
 * @param precision of a decimal, else 0
 * @param scale of a decimal, else 0
 * @param zone in which a timestamp is written
 */
record ColumnType(Kind kind, int precision, int scale, Optional<ZoneId> zone) {
  /** All that Spark's types become. */
  enum Kind {
    BOOLEAN,
    TINYINT,
    SMALLINT,
    INT,
    BIGINT,
    FLOAT,
    DOUBLE,
    DECIMAL,
    DATE,
    /** Microseconds, in UTC. */
    TIMESTAMP,
    BINARY,
    /** Also arrays, maps, structs and intervals, as Spark writes them. */
    TEXT
  }

  private static final Pattern DECIMAL = Pattern.compile("(\\d{1,2}),(\\d{1,2})");

  private static final DateTimeFormatter DATE =
      new DateTimeFormatterBuilder()
          .appendValue(ChronoField.YEAR, 1, 9, SignStyle.NORMAL)
          .appendPattern("-MM-dd")
          .toFormatter();

  private static final DateTimeFormatter TIMESTAMP =
      new DateTimeFormatterBuilder()
          .append(DATE)
          .appendPattern(" HH:mm:ss")
          .optionalStart()
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .toFormatter();

  static ColumnType of(Column column) {
    return switch (column.type()) {
      case "boolean" -> plain(Kind.BOOLEAN);
      case "tinyint" -> plain(Kind.TINYINT);
      case "smallint" -> plain(Kind.SMALLINT);
      case "int" -> plain(Kind.INT);
      case "bigint" -> plain(Kind.BIGINT);
      case "float" -> plain(Kind.FLOAT);
      case "double" -> plain(Kind.DOUBLE);
      case "date" -> plain(Kind.DATE);
      case "binary" -> plain(Kind.BINARY);
      case "decimal" -> column.parameter().flatMap(ColumnType::decimal).orElse(plain(Kind.TEXT));
      case "timestamp" ->
          column.parameter().flatMap(ColumnType::timestamp).orElse(plain(Kind.TEXT));
      default -> plain(Kind.TEXT);
    };
  }

  private static ColumnType plain(Kind kind) {
    return new ColumnType(kind, 0, 0, Optional.empty());
  }

  private static Optional<ColumnType> decimal(String parameter) {
    Matcher matcher = DECIMAL.matcher(parameter);
    return matcher.matches()
        ? Optional.of(
            new ColumnType(
                Kind.DECIMAL,
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                Optional.empty()))
        : Optional.empty();
  }

  private static Optional<ColumnType> timestamp(String parameter) {
    try {
      return Optional.of(
          new ColumnType(
              Kind.TIMESTAMP, 0, 0, Optional.of(ZoneId.of(parameter, ZoneId.SHORT_IDS))));
    } catch (DateTimeException unknown) {
      return Optional.empty();
    }
  }

  /**
   * A number, with the scale of its column.
   *
   * @throws UncheckedIOException when it is none
   */
  BigDecimal number(String text) {
    try {
      return new BigDecimal(text).setScale(scale);
    } catch (ArithmeticException | NumberFormatException other) {
      throw unreadable(text, other);
    }
  }

  /**
   * Days since 1970.
   *
   * @throws UncheckedIOException when it is no date
   */
  int day(String text) {
    try {
      return Math.toIntExact(LocalDate.parse(text, DATE).toEpochDay());
    } catch (ArithmeticException | DateTimeException other) {
      throw unreadable(text, other);
    }
  }

  /**
   * Microseconds since 1970, in UTC.
   *
   * @throws UncheckedIOException when it is no time
   */
  long micros(String text) {
    try {
      Instant instant = LocalDateTime.parse(text, TIMESTAMP).atZone(zone.orElseThrow()).toInstant();
      return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    } catch (ArithmeticException | DateTimeException other) {
      throw unreadable(text, other);
    }
  }

  private UncheckedIOException unreadable(String text, RuntimeException cause) {
    return new UncheckedIOException(
        new IOException("'" + text + "' in a column of results is no " + kind, cause));
  }
}
