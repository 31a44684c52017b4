package io.sparkappliance.cluster;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** When a list of members is one to work with, and what a later look makes of it. */
sealed interface Completeness {
  /**
   * What is missing yet; empty: nothing. Told of every look until then, in their order.
   *
   * @param time of the look
   */
  Optional<String> missing(Attendance look, Instant time);

  /** The list after a look at a group whose list was complete before. */
  List<String> next(List<String> known, Attendance look);

  /** So many, at least: somebody said so. */
  record AtLeast(int wanted) implements Completeness {
    @Override
    public Optional<String> missing(Attendance look, Instant time) {
      int found = look.present().size();
      return found < wanted
          ? Optional.of("%d of %d in service".formatted(found, wanted))
          : Optional.empty();
    }

    @Override
    public List<String> next(List<String> known, Attendance look) {
      return look.present();
    }
  }

  /**
   * Servers of which a majority has to be there for anything to work. All that are expected, at two
   * looks in a row; or the same ones for a while, which is short when they are a majority, or
   * nobody knows how many there shall be.
   */
  final class Ensemble implements Completeness {
    static final Duration STABLE = Duration.ofSeconds(30);
    static final Duration STABLE_MINORITY = Duration.ofMinutes(3);

    private List<String> found = List.of();
    private Instant since = Instant.EPOCH;

    @Override
    public Optional<String> missing(Attendance look, Instant time) {
      boolean again = !look.present().isEmpty() && look.present().equals(found);
      if (!again) {
        found = look.present();
        since = time;
      }
      int size = found.size();
      int expected = look.expected().orElse(size);
      boolean all = look.expected().isPresent() && size >= expected;
      Duration patience = 2 * size > expected ? STABLE : STABLE_MINORITY;
      if (again && (all || !time.isBefore(since.plus(patience)))) {
        return Optional.empty();
      }
      String perhaps =
          look.expected().isPresent()
              ? "%d of %d in service".formatted(size, expected)
              : "perhaps more";
      return Optional.of(
          size == 0 ? perhaps : "%s; %s".formatted(String.join(", ", found), perhaps));
    }

    @Override
    public List<String> next(List<String> known, Attendance look) {
      if (look.present().size() >= look.expected().orElse(known.size())) {
        return look.present();
      }
      TreeSet<String> both = new TreeSet<>(known);
      both.addAll(look.present());
      return List.copyOf(both);
    }
  }
}
