package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  @Test
  void eachPauseIsTwiceAsLongUntilTheLongest() {
    Backoff backoff = new Backoff(FIRST, LONGEST, () -> 0);

    assertThat(
            IntStream.rangeClosed(1, 9).mapToObj(failures -> backoff.after(failures).toSeconds()))
        .containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L);
  }

  @Test
  void thousandsOfFailuresDoNotOverflow() {
    assertThat(new Backoff(FIRST, LONGEST, () -> 0).after(100_000)).isEqualTo(LONGEST);
  }

  @Test
  void jitterShortensAPauseByUpToHalf() {
    assertThat(new Backoff(FIRST, LONGEST, () -> 0.5).after(3)).isEqualTo(Duration.ofSeconds(3));
    assertThat(new Backoff(FIRST, LONGEST, () -> 1).after(3)).isEqualTo(Duration.ofSeconds(2));
  }
}
