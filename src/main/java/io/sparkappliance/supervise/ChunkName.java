package io.sparkappliance.supervise;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which piece of a role's log it is. As text, pieces sort in the order in which they were written.
 *
 * @param begin when its first line was written, in milliseconds; never before that of an earlier
 *     piece, even when the clock was put back
 * @param from its first byte, counted over the whole log that this data directory has seen
 * @param to the byte after its last
 */
record ChunkName(Instant begin, long from, long to) implements Comparable<ChunkName> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmssSSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final Pattern NAME = Pattern.compile("(\\d{8}T\\d{9}Z)-(\\d{16})(?:-(\\d{16}))?");
  private static final Comparator<ChunkName> ORDER =
      Comparator.comparing(ChunkName::begin)
          .thenComparingLong(ChunkName::from)
          .thenComparingLong(ChunkName::to);

  /** Reads what {@link #toString} or {@link #unfinished} wrote; the latter is empty so far. */
  static Optional<ChunkName> parse(String text) {
    Matcher matcher = NAME.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    try {
      Instant begin = Instant.from(TIME.parse(matcher.group(1)));
      long from = Long.parseLong(matcher.group(2));
      long to = matcher.group(3) == null ? from : Long.parseLong(matcher.group(3));
      return Optional.of(new ChunkName(begin, from, to));
    } catch (DateTimeException noTime) {
      return Optional.empty();
    }
  }

  /** As long as nobody knows where it ends. */
  String unfinished() {
    return "%s-%016d".formatted(TIME.format(begin), from);
  }

  /** The day of its first line, in UTC. */
  String date() {
    return DATE.format(begin);
  }

  long length() {
    return to - from;
  }

  @Override
  public int compareTo(ChunkName other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return "%s-%016d".formatted(unfinished(), to);
  }
}
