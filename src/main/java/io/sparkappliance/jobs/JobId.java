package io.sparkappliance.jobs;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Name of a job: 128 random bits as 32 lower-case hexadecimal digits. Nobody guesses one, and it is
 * safe in a URL and as a directory's name on any file system.
 *
 * @param value the digits
 */
public record JobId(String value) {
  private static final int BYTES = 16;
  private static final Pattern SHAPE = Pattern.compile("[0-9a-f]{" + 2 * BYTES + "}");
  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * Takes an id as it is.
   *
   * @throws IllegalArgumentException when the text is no job id
   */
  public JobId {
    if (!SHAPE.matcher(value).matches()) {
      throw new IllegalArgumentException("not a job id");
    }
  }

  /** A new id. */
  public static JobId random() {
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return new JobId(HexFormat.of().formatHex(bytes));
  }

  /** Reads what a client sent; empty when no job can have such an id. */
  public static Optional<JobId> parse(String text) {
    return SHAPE.matcher(text).matches() ? Optional.of(new JobId(text)) : Optional.empty();
  }

  /** The digits. */
  @Override
  public String toString() {
    return value;
  }
}
