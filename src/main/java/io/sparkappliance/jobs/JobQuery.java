package io.sparkappliance.jobs;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which jobs are meant, and which part of them; newest first.
 *
 * @param owner whose; empty: everybody's
 * @param states in one of these; empty: in any
 * @param kind what they run
 * @param name part of their name, in any letter case
 * @param from submitted then or later
 * @param before submitted earlier than this
 * @param after behind the page that ended there
 * @param limit at most so many
 */
public record JobQuery(
    Optional<String> owner,
    Set<JobState> states,
    Optional<JobKind> kind,
    Optional<String> name,
    Optional<Instant> from,
    Optional<Instant> before,
    Optional<Cursor> after,
    int limit) {

  /** Takes a copy. */
  public JobQuery {
    states = states.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(states));
  }

  /**
   * Where a page ends. Jobs that come meanwhile move no other job to the next page.
   *
   * @param micros when the last job of the page was submitted, in microseconds since 1970
   * @param id that job
   */
  public record Cursor(long micros, JobId id) {
    private static final Pattern SHAPE = Pattern.compile("(\\d{1,18}):(\\w+)");

    /** Where a page ends that ends with this job. */
    static Cursor at(Job job) {
      return new Cursor(JobQuery.micros(job.submission().at()), job.id());
    }

    /** Reads what {@link #toString} gave; empty when it is something else. */
    public static Optional<Cursor> parse(String text) {
      byte[] bytes;
      try {
        bytes = Base64.getUrlDecoder().decode(text);
      } catch (IllegalArgumentException malformed) {
        return Optional.empty();
      }
      Matcher matcher = SHAPE.matcher(new String(bytes, StandardCharsets.US_ASCII));
      return matcher.matches()
          ? JobId.parse(matcher.group(2))
              .map(id -> new Cursor(Long.parseLong(matcher.group(1)), id))
          : Optional.empty();
    }

    /** Characters that need no escape in an address. */
    @Override
    public String toString() {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString((micros + ":" + id).getBytes(StandardCharsets.US_ASCII));
    }
  }

  /** Microseconds since 1970. */
  static long micros(Instant at) {
    return Math.addExact(Math.multiplyExact(at.getEpochSecond(), 1_000_000L), at.getNano() / 1000);
  }
}
