package io.sparkappliance.cluster;

import io.sparkappliance.aws.AwsException;
import io.sparkappliance.settings.HostAndPort;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The members of a stack on AWS, followed: an instance that takes another's place is known a few
 * seconds after AWS calls it healthy. A list that was complete once stays in force while AWS
 * doesn't answer, or names nobody.
 */
public final class StackMembers implements Members, AutoCloseable {
  private static final Duration WHILE_INCOMPLETE = Duration.ofSeconds(5);

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Calls of an account are counted, all nodes' together. */
  private static final Duration THEN = Duration.ofSeconds(20);

  private final Lookup lookup;
  private final Clock clock;
  private final String stack;
  private final int port;
  private final Completeness completeness;
  private final Consumer<String> say;
  private final Consumer<List<HostAndPort>> changed;
  private final ScheduledThreadPoolExecutor looks =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("members of a stack").factory());
  private final CountDownLatch complete = new CountDownLatch(1);
  private volatile List<HostAndPort> known;
  private volatile AwsException denied;
  private volatile boolean isKnown;
  private Optional<Instant> deniedSince = Optional.empty();
  private volatile String trouble;
  private String said = "";

  /** Who is in service. */
  @FunctionalInterface
  public interface Lookup {
    /**
     * Their addresses.
     *
     * @throws AwsException when AWS doesn't tell
     */
    Attendance members(String stack, int port) throws AwsException;
  }

  /**
   * Looks at nothing yet.
   *
   * @param directory tells who is in service
   * @param stack its name
   * @param port where the members listen
   * @param wanted how many there must be before the list is one to work with, at least 1
   * @param first who is known to be one without a look, until the list is complete
   * @param say is told what is waited for, and what changes
   * @param changed is given every list after the first complete one, that one included
   */
  public StackMembers(
      StackDirectory directory,
      String stack,
      int port,
      int wanted,
      List<HostAndPort> first,
      Consumer<String> say,
      Consumer<List<HostAndPort>> changed) {
    this(
        directory::members,
        stack,
        port,
        new Completeness.AtLeast(wanted),
        first,
        say,
        changed,
        Clock.systemUTC());
  }

  /**
   * The ensemble that a stack is, of which nobody said how many servers it has: as many as AWS
   * expects, or, after a while, those that are there. Afterwards a server that is missed stays on
   * the list until all that AWS expects are there: a client is better off with an address too many.
   *
   * @param changed is given every list after the first, that one included
   */
  public static StackMembers ensemble(
      Lookup lookup,
      String stack,
      int port,
      Consumer<String> say,
      Consumer<List<HostAndPort>> changed) {
    return new StackMembers(
        lookup,
        stack,
        port,
        new Completeness.Ensemble(),
        List.of(),
        say,
        changed,
        Clock.systemUTC());
  }

  StackMembers(
      Lookup lookup,
      String stack,
      int port,
      Completeness completeness,
      List<HostAndPort> first,
      Consumer<String> say,
      Consumer<List<HostAndPort>> changed,
      Clock clock) {
    this.clock = clock;
    this.lookup = lookup;
    this.stack = stack;
    this.port = port;
    this.completeness = completeness;
    this.known = List.copyOf(first);
    this.say = say;
    this.changed = changed;
    this.trouble = "it has not been looked at yet";
  }

  /** Goes on looking until {@link #close}. */
  public void follow() {
    looks.execute(this::lookAndGoOn);
  }

  /**
   * Returns when the list is complete.
   *
   * @throws AwsException when this node has no right to know it, for a minute
   * @throws InterruptedException when the node is told to end first
   */
  public void await() throws AwsException, InterruptedException {
    complete.await();
    if (!isKnown) {
      throw denied;
    }
  }

  @Override
  public List<HostAndPort> now() {
    return known;
  }

  @Override
  public Optional<String> missing() {
    return isComplete() ? Optional.empty() : Optional.of(incomplete());
  }

  @Override
  public void close() {
    looks.shutdownNow();
  }

  private boolean isComplete() {
    return isKnown;
  }

  private String incomplete() {
    return "members of stack %s: %s".formatted(stack, trouble);
  }

  private void lookAndGoOn() {
    try {
      look();
    } catch (RuntimeException | LinkageError fault) {
      // Whatever it is: without this nobody would look again.
      trouble = "an error of the appliance itself: " + fault;
      tell(incomplete());
    }
    Duration pause = isComplete() ? THEN : WHILE_INCOMPLETE;
    long millis = pause.toMillis() + ThreadLocalRandom.current().nextLong(pause.toMillis() / 4);
    var _ = looks.schedule(this::lookAndGoOn, millis, TimeUnit.MILLISECONDS);
  }

  /** One look. */
  void look() {
    try {
      found(lookup.members(stack, port));
    } catch (AwsException failure) {
      trouble = failure.getMessage();
      tell(
          isComplete()
              ? "goes on with the members of stack %s known before: %s".formatted(stack, trouble)
              : "waits for the " + incomplete());
      giveUpLater(failure);
    }
  }

  /** A role and its rights are known everywhere a while after they were made. */
  private void giveUpLater(AwsException failure) {
    boolean forGood =
        failure.kind() == AwsException.Kind.DENIED || failure.kind() == AwsException.Kind.REFUSED;
    if (!forGood || isComplete()) {
      deniedSince = Optional.empty();
      return;
    }
    Instant now = clock.instant();
    if (deniedSince.isEmpty()) {
      deniedSince = Optional.of(now);
    }
    if (!now.isBefore(deniedSince.get().plus(PATIENCE))) {
      denied = failure;
      complete.countDown();
    }
  }

  private void found(Attendance look) {
    deniedSince = Optional.empty();
    if (!isComplete()) {
      Optional<String> missing = completeness.missing(look, clock.instant());
      if (missing.isPresent()) {
        trouble = missing.get();
        tell("waits for the " + incomplete());
        return;
      }
    }
    List<HostAndPort> now =
        (isComplete() ? completeness.next(hosts(known), look) : look.present())
            .stream().map(address -> new HostAndPort(address, port)).toList();
    // Who follows is better off with those it knew.
    if (now.isEmpty() || (isComplete() && now.equals(known))) {
      return;
    }
    known = now;
    isKnown = true;
    complete.countDown();
    tell("members of stack %s: %s".formatted(stack, String.join(", ", hosts(now))));
    changed.accept(now);
  }

  private static List<String> hosts(List<HostAndPort> members) {
    return members.stream().map(HostAndPort::host).toList();
  }

  /** Each thing once. */
  private void tell(String what) {
    if (!what.equals(said)) {
      said = what;
      say.accept(what);
    }
  }
}
