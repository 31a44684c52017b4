package io.sparkappliance.settings;

import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An amount of memory, written as the JVM and Spark write it.
 *
 * @param bytes not negative
 */
public record MemorySize(long bytes) implements Comparable<MemorySize> {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,15})\\s*([kmgt]?)(i?b)?");

  /** Rejects negative sizes. */
  public MemorySize {
    if (bytes < 0) {
      throw new IllegalArgumentException("negative memory size: " + bytes);
    }
  }

  /** So many MiB. */
  public static MemorySize ofMebibytes(long mebibytes) {
    return new MemorySize(Math.multiplyExact(mebibytes, 1L << 20));
  }

  /**
   * Reads a size such as {@code 512m}, {@code 2g}, {@code 2GiB}, {@code 1048576}. Units are powers
   * of 1024, as in Spark; a plain number counts in {@code defaultUnit}.
   *
   * @param text what was written
   * @param defaultUnit one of {@code b}, {@code k}, {@code m}, {@code g}, {@code t}
   * @return bytes, or empty when the text is no size
   */
  public static OptionalLong parseBytes(String text, char defaultUnit) {
    Matcher matcher = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    String unit = matcher.group(2);
    boolean plain = unit.isEmpty() && matcher.group(3) == null;
    char letter = plain ? defaultUnit : unit.isEmpty() ? 'b' : unit.charAt(0);
    long factor = 1L << (10 * "bkmgt".indexOf(letter));
    try {
      return OptionalLong.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), factor));
    } catch (ArithmeticException overflow) {
      return OptionalLong.empty();
    }
  }

  /** Whole MiB, rounded down. */
  public long toMebibytes() {
    return bytes >> 20;
  }

  /** The size as {@code -Xmx} and Spark take it: {@code 2g}, {@code 1536m}, or bytes. */
  public String toJvmText() {
    if (bytes > 0 && bytes % (1L << 30) == 0) {
      return (bytes >> 30) + "g";
    }
    return bytes % (1L << 20) == 0 ? (bytes >> 20) + "m" : Long.toString(bytes);
  }

  @Override
  public int compareTo(MemorySize other) {
    return Long.compare(bytes, other.bytes);
  }

  @Override
  public String toString() {
    return toJvmText();
  }
}
