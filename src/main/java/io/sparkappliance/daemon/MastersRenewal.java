package io.sparkappliance.daemon;

import io.sparkappliance.cluster.Members;
import io.sparkappliance.settings.HostAndPort;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * For a program that is told at its start who the masters are. It starts with those that are there
 * then. One that works is started anew only when none of those it knows has been there for a while,
 * and the same others have been: a list that shrinks or grows for a moment, or a master that is
 * called later, costs nobody an executor. One that nobody has registered yet takes a list that has
 * grown.
 */
final class MastersRenewal implements Renewal {
  /** How long it has to be so. */
  static final Duration STABLE = Duration.ofSeconds(30);

  /** Who was not asked for so long was ready meanwhile. */
  static final Duration FORGETFUL = Duration.ofMinutes(1);

  private final Members members;
  private final Predicate<HostAndPort> isThere;
  private final Function<List<HostAndPort>, Command> command;
  private final Clock clock;
  private List<HostAndPort> known;
  private List<HostAndPort> offered = List.of();
  private Optional<Instant> movedSince = Optional.empty();
  private Instant asked = Instant.EPOCH;

  /**
   * Looks at nothing yet.
   *
   * @param known those in the command that the daemon has now
   * @param isThere whether a master takes connections
   * @param command the program's command with these masters
   */
  MastersRenewal(
      Members members,
      List<HostAndPort> known,
      Predicate<HostAndPort> isThere,
      Function<List<HostAndPort>, Command> command,
      Clock clock) {
    this.members = members;
    this.known = List.copyOf(known);
    this.isThere = isThere;
    this.command = command;
    this.clock = clock;
  }

  @Override
  public synchronized Optional<Command> command(Command current, Moment moment) {
    if (current.equals(command.apply(offered))) {
      known = offered;
    }
    List<HostAndPort> now = members.now();
    Instant time = clock.instant();
    boolean others = !now.equals(known) && now.stream().anyMatch(isThere);
    boolean moved =
        others
            && switch (moment) {
              case BEFORE_START -> true;
              // Whoever leads may be one that it doesn't know, and that doesn't know it.
              case BEFORE_READY -> !known.containsAll(now) || known.stream().noneMatch(isThere);
              case LATER -> known.stream().noneMatch(isThere);
            };
    boolean anew = !now.equals(offered) || asked.plus(FORGETFUL).isBefore(time);
    offered = now;
    asked = time;
    if (!moved) {
      movedSince = Optional.empty();
      return Optional.empty();
    }
    if (movedSince.isEmpty() || anew) {
      movedSince = Optional.of(time);
    }
    boolean longEnough = !time.isBefore(movedSince.get().plus(STABLE));
    return moment != Moment.BEFORE_START && !longEnough
        ? Optional.empty()
        : Optional.of(command.apply(now));
  }
}
