package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Who may read what is made in memory. */
class ReadingPlacesTest {
  private static final Duration NOW = Duration.ZERO;
  private final ReadingPlaces places = new ReadingPlaces(3);

  @Test
  void one_owner_leaves_a_place_for_others() throws Exception {
    assertThat(places.take("ann", NOW)).isTrue();
    assertThat(places.take("ann", NOW)).isTrue();
    assertThat(places.take("ann", NOW)).isFalse();
    assertThat(places.take("bob", NOW)).isTrue();
    assertThat(places.take("bob", NOW)).isFalse();
    places.giveBack("ann");
    assertThat(places.take("ann", NOW)).isTrue();
  }

  @Test
  void who_waits_gets_the_place_that_becomes_free() throws Exception {
    places.take("ann", NOW);
    places.take("ann", NOW);
    CompletableFuture<Boolean> waiting = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            waiting.complete(places.take("ann", Duration.ofMinutes(1)));
          } catch (InterruptedException stopped) {
            waiting.completeExceptionally(stopped);
          }
        });
    places.giveBack("ann");
    assertThat(waiting.get()).isTrue();
  }
}
