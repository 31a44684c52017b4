package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Whose turn it is. A task is named by its owner and a number, and runs until it is let go. */
class TurnsTest {
  private final List<String> begun = new CopyOnWriteArrayList<>();
  private final Map<String, CountDownLatch> ends = new ConcurrentHashMap<>();

  private Turns<String> turns(int places, int placesPerOwner) {
    return new Turns<>(
        "test",
        places,
        placesPerOwner,
        // "lane:task"
        task -> task.contains(":") ? Optional.of(task.split(":", 2)[0]) : Optional.empty(),
        this::run);
  }

  private void run(String task) {
    CountDownLatch end = ends.computeIfAbsent(task, _ -> new CountDownLatch(1));
    begun.add(task);
    try {
      end.await();
    } catch (InterruptedException stopped) {
      begun.add(task + " interrupted");
    }
  }

  private void end(String task) {
    ends.computeIfAbsent(task, _ -> new CountDownLatch(1)).countDown();
  }

  private static void add(Turns<String> turns, String... tasks) {
    for (String task : tasks) {
      turns.add(task.substring(0, 1), task);
    }
  }

  private void awaitBegun(String... tasks) {
    Awaitility.await().untilAsserted(() -> assertThat(begun).containsExactlyInAnyOrder(tasks));
  }

  @Test
  void so_many_run_and_the_others_wait() {
    Turns<String> turns = turns(2, 9);
    add(turns, "a1", "a2", "a3");
    awaitBegun("a1", "a2");
    assertThat(turns.waiting()).isEqualTo(1);
    end("a2");
    awaitBegun("a1", "a2", "a3");
  }

  @Test
  void who_sends_many_does_not_keep_others_waiting() {
    Turns<String> turns = turns(1, 9);
    add(turns, "a1", "a2", "a3", "a4", "b1", "c1");
    assertThat(turns.waiting("a")).isEqualTo(3);
    for (String task : List.of("a1", "a2", "b1", "c1", "a3", "a4")) {
      Awaitility.await().until(() -> !begun.isEmpty() && begun.getLast().equals(task));
      end(task);
    }
    assertThat(begun).containsExactly("a1", "a2", "b1", "c1", "a3", "a4");
  }

  @Test
  void who_has_least_running_is_next() {
    Turns<String> turns = turns(3, 9);
    add(turns, "a1", "a2", "a3", "a4", "b1", "b2");
    awaitBegun("a1", "a2", "a3");
    end("a1");
    awaitBegun("a1", "a2", "a3", "b1");
    end("a2");
    awaitBegun("a1", "a2", "a3", "b1", "a4");
  }

  @Test
  void one_owner_does_not_get_all_places() {
    Turns<String> turns = turns(3, 1);
    add(turns, "a1", "a2", "b1");
    awaitBegun("a1", "b1");
    end("a1");
    awaitBegun("a1", "b1", "a2");
  }

  @Test
  void those_of_a_lane_run_one_after_the_other_and_hold_no_place_meanwhile() {
    Turns<String> turns = turns(2, 9);
    add(turns, "as:1", "as:2", "as:3", "a4");
    turns.add("b", "as:5");
    awaitBegun("as:1", "a4");
    end("a4");
    // The lane of another owner is another one.
    awaitBegun("as:1", "a4", "as:5");
    assertThat(turns.remove("a", "as:2")).isTrue();
    end("as:1");
    awaitBegun("as:1", "a4", "as:5", "as:3");
    assertThat(turns.waiting()).isZero();
  }

  @Test
  void what_waits_can_be_taken_away_and_what_runs_can_not() {
    Turns<String> turns = turns(1, 9);
    add(turns, "a1", "a2", "a3");
    awaitBegun("a1");
    assertThat(turns.remove("a", "a2")).isTrue();
    assertThat(turns.remove("a", "a2")).isFalse();
    assertThat(turns.remove("a", "a1")).isFalse();
    assertThat(turns.remove("b", "a3")).isFalse();
    end("a1");
    awaitBegun("a1", "a3");
  }

  @Test
  void once_closed_nothing_begins_and_what_runs_is_interrupted_in_the_end() {
    Turns<String> turns = turns(1, 9);
    add(turns, "a1", "a2");
    awaitBegun("a1");
    turns.close();
    turns.awaitEnd(Duration.ofMillis(20));
    awaitBegun("a1", "a1 interrupted");
    assertThat(turns.waiting("a")).isEqualTo(1);
    turns.awaitEnd(Duration.ofMinutes(1));
    assertThat(begun).doesNotContain("a2");
  }
}
