package io.sparkappliance.gateway;

import io.sparkappliance.auth.Principal;
import io.sparkappliance.auth.Signer;
import io.sparkappliance.settings.UserRole;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Passes for Spark's pages, as a part of their addresses. Scripts on those pages are a program's,
 * if its driver sends them: browsers run them as nobody's (see {@link SparkPageRoutes}), without
 * the cookie of the session, so that the address itself must let them in, and to nothing else.
 */
final class PagePasses {
  private static final String PURPOSE = "spark-page";
  private static final Duration LIFETIME = Duration.ofHours(1);

  /** Addresses that are asked for again and again stay the same for so long. */
  private static final long STEP = Duration.ofMinutes(10).toSeconds();

  private static final int PARTS = 4;

  private final Signer signer;
  private final InstantSource clock;

  /**
   * A pass.
   *
   * @param text as it stands in addresses
   * @param page what it opens
   * @param holder who asked for it
   * @param until when it ends
   */
  record Pass(String text, SparkPage page, Principal holder, Instant until) {
    /** Where what it opens is, without a slash at the end. */
    String base() {
      return page.folder() + text;
    }

    /** Where the first of the pages is. */
    String address() {
      return base() + page.start() + "/";
    }
  }

  PagePasses(Signer signer, InstantSource clock) {
    this.signer = signer;
    this.clock = clock;
  }

  /** A new one. */
  Pass issue(SparkPage page, Principal holder) {
    long end = clock.instant().plus(LIFETIME).getEpochSecond();
    return issue(page, holder, Instant.ofEpochSecond((end / STEP + 1) * STEP));
  }

  /** One that ends when another does. */
  Pass issue(SparkPage page, Principal holder, Instant until) {
    String content =
        String.join(
            "\n",
            Long.toString(until.getEpochSecond()),
            page.toString(),
            holder.role().name(),
            holder.name());
    return new Pass(signer.sign(PURPOSE, content), page, holder, until);
  }

  /** The one that stands in an address, though it may have ended; empty: it is none of ours. */
  Optional<Pass> read(String text) {
    return signer.verify(PURPOSE, text).flatMap(content -> parse(text, content));
  }

  private static Optional<Pass> parse(String text, String content) {
    List<String> parts = List.of(content.split("\n", PARTS));
    if (parts.size() < PARTS) {
      return Optional.empty();
    }
    try {
      Principal holder = new Principal(parts.get(3), UserRole.valueOf(parts.get(2)));
      Instant until = Instant.ofEpochSecond(Long.parseLong(parts.getFirst()));
      return SparkPage.parse(parts.get(1)).map(page -> new Pass(text, page, holder, until));
    } catch (IllegalArgumentException ofAnotherVersion) {
      return Optional.empty();
    }
  }

  /** Whether it has ended, or ends later than any that is given out now. */
  boolean hasEnded(Pass pass) {
    Instant now = clock.instant();
    return !pass.until().isAfter(now) || pass.until().isAfter(now.plus(LIFETIME).plusSeconds(STEP));
  }
}
