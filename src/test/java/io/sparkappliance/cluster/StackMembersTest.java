package io.sparkappliance.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.aws.AwsException;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.testing.ClockByHand;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StackMembersTest {
  private static final HostAndPort SELF = new HostAndPort("10.0.0.9", 7077);

  private final List<String> said = new CopyOnWriteArrayList<>();
  private final List<List<HostAndPort>> changes = new ArrayList<>();
  private final Set<String> hosts = new HashSet<>();
  private volatile List<String> inService = List.of();
  private volatile OptionalInt expected = OptionalInt.empty();
  private volatile AwsException failure;
  private volatile boolean broken;
  private final ClockByHand clock = new ClockByHand(Instant.EPOCH);
  private StackMembers members;

  @AfterEach
  void close() {
    members.close();
  }

  @Test
  void theListIsKnownWhenThereAreAsManyAsWanted() {
    members = members(2, SELF);
    assertThat(members.now()).containsExactly(SELF);
    assertThat(members.missing()).isPresent();

    look("10.0.0.1");
    assertThat(members.now()).containsExactly(SELF);
    assertThat(members.missing()).contains("members of stack spark-1: 1 of 2 in service");
    assertThat(changes).isEmpty();

    look("10.0.0.1", "10.0.0.2");
    assertThat(members.missing()).isEmpty();
    assertThat(members.now()).extracting(HostAndPort::host).containsExactly("10.0.0.1", "10.0.0.2");
    assertThat(changes).hasSize(1);
    assertThat(said)
        .containsExactly(
            "waits for the members of stack spark-1: 1 of 2 in service",
            "members of stack spark-1: 10.0.0.1, 10.0.0.2");
  }

  @Test
  void aReplacedInstanceIsFollowedAndTheSameListIsNoNews() {
    members = members(1);
    look("10.0.0.1", "10.0.0.2");
    look("10.0.0.1", "10.0.0.2");
    look("10.0.0.2", "10.0.0.3");

    assertThat(members.now()).extracting(HostAndPort::host).containsExactly("10.0.0.2", "10.0.0.3");
    assertThat(changes).hasSize(2);
    assertThat(said).hasSize(2);
  }

  @Test
  void nobodyInServiceLeavesThoseThatWereKnown() {
    members = members(1);
    look("10.0.0.1");
    look();

    assertThat(members.now()).extracting(HostAndPort::host).containsExactly("10.0.0.1");
    assertThat(members.missing()).isEmpty();
  }

  @Test
  void awsBeingAwayIsSaidOnceAndLeavesThoseThatWereKnown() {
    members = members(1);
    look("10.0.0.1");
    failure = AwsException.missing("gone");
    members.look();
    members.look();

    assertThat(members.now()).extracting(HostAndPort::host).containsExactly("10.0.0.1");
    assertThat(members.missing()).isEmpty();
    assertThat(said)
        .last()
        .isEqualTo("goes on with the members of stack spark-1 known before: gone");
    assertThat(said).hasSize(2);
  }

  @Test
  void anEnsembleIsKnownWhenAllThatAreExpectedAreThereAtTwoLooks() {
    members = ensemble(3);
    look("10.0.0.1");
    assertThat(members.missing()).contains("members of stack spark-1: 10.0.0.1; 1 of 3 in service");
    look("10.0.0.1", "10.0.0.2", "10.0.0.3");
    assertThat(members.missing()).isPresent();
    look("10.0.0.1", "10.0.0.2", "10.0.0.3");

    assertThat(hosts()).containsExactly("10.0.0.1", "10.0.0.2", "10.0.0.3");
    assertThat(changes).hasSize(1);
  }

  @Test
  void oneServerOfThreeIsNoEnsembleForMinutesAndAMajorityIsOneSoon() {
    members = ensemble(3);
    look("10.0.0.1");
    clock.pass(Duration.ofSeconds(179));
    look("10.0.0.1");
    assertThat(members.missing()).isPresent();
    look("10.0.0.1", "10.0.0.2");
    clock.pass(Duration.ofSeconds(29));
    look("10.0.0.1", "10.0.0.2");
    assertThat(members.missing())
        .contains("members of stack spark-1: 10.0.0.1, 10.0.0.2; 2 of 3 in service");
    clock.pass(Duration.ofSeconds(1));
    look("10.0.0.1", "10.0.0.2");

    assertThat(hosts()).containsExactly("10.0.0.1", "10.0.0.2");
  }

  @Test
  void patienceForAnEnsembleHasAnEnd() {
    members = ensemble(3);
    look("10.0.0.1");
    clock.pass(Duration.ofMinutes(3));
    look("10.0.0.1");
    assertThat(hosts()).containsExactly("10.0.0.1");
  }

  @Test
  void anEnsembleOfUnknownSizeMustStayTheSameForAWhile() {
    members = ensemble(3);
    expected = OptionalInt.empty();
    look();
    assertThat(members.missing()).contains("members of stack spark-1: perhaps more");
    look("10.0.0.1");
    clock.pass(Duration.ofSeconds(29));
    look("10.0.0.1", "10.0.0.2");
    clock.pass(Duration.ofSeconds(1));
    look("10.0.0.1", "10.0.0.2");
    assertThat(members.missing())
        .contains("members of stack spark-1: 10.0.0.1, 10.0.0.2; perhaps more");
    clock.pass(Duration.ofSeconds(29));
    look("10.0.0.1", "10.0.0.2");
    assertThat(members.missing()).isEmpty();
  }

  @Test
  void aServerOfAnEnsembleStaysOnTheListUntilAnotherHasItsPlace() {
    members = ensemble(3);
    look("10.0.0.1", "10.0.0.2", "10.0.0.3");
    look("10.0.0.1", "10.0.0.2", "10.0.0.3");
    look("10.0.0.2", "10.0.0.3");
    assertThat(changes).as("one is away").hasSize(1);

    look("10.0.0.3", "10.0.0.4");
    assertThat(hosts()).containsExactly("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4");
    look("10.0.0.2", "10.0.0.3", "10.0.0.4");
    assertThat(hosts()).containsExactly("10.0.0.2", "10.0.0.3", "10.0.0.4");
    assertThat(changes).hasSize(3);
  }

  @Test
  void aHostThatAppearsWhenTheEnsembleIsKnownDoesNotReplaceIt() {
    expected = OptionalInt.of(3);
    HostOrStack lookup = new HostOrStack(name -> hosts.contains(name), this::inService);
    members = members(lookup, new Completeness.Ensemble(), lookup::decide);
    look("10.0.0.1", "10.0.0.2", "10.0.0.3");
    look("10.0.0.1", "10.0.0.2", "10.0.0.3");
    hosts.add("spark-1");
    look("10.0.0.1", "10.0.0.2", "10.0.0.3");
    look("10.0.0.1", "10.0.0.2", "10.0.0.4");

    assertThat(hosts()).containsExactly("10.0.0.1", "10.0.0.2", "10.0.0.4");
  }

  @Test
  void aHostThatAppearsBeforeIsTheEnsembleAndStaysIt() {
    expected = OptionalInt.of(3);
    HostOrStack lookup = new HostOrStack(name -> hosts.contains(name), this::inService);
    members = members(lookup, new Completeness.Ensemble(), lookup::decide);
    look("10.0.0.1");
    hosts.add("spark-1");
    look();
    look();
    hosts.clear();
    look("10.0.0.1", "10.0.0.2", "10.0.0.3");

    assertThat(hosts()).containsExactly("spark-1");
  }

  @Test
  void aStackThatIsNotThereYetIsWaitedFor() {
    members = members(1);
    failure = AwsException.missing("there is no such stack");
    members.look();
    assertThat(members.missing()).contains("members of stack spark-1: there is no such stack");

    failure = null;
    look("10.0.0.1");
    assertThat(members.missing()).isEmpty();
  }

  @Test
  void whoHasNoRightToKnowIsToldAfterAMinute() {
    members = members(1);
    failure = AwsException.denied("may not");
    members.look();
    clock.pass(Duration.ofSeconds(59));
    members.look();
    assertThat(members.missing()).contains("members of stack spark-1: may not");
    clock.pass(Duration.ofSeconds(1));
    members.look();

    assertThatThrownBy(members::await).isInstanceOf(AwsException.class).hasMessage("may not");
  }

  @Test
  void aRefusalThatEndsForAWhileIsCountedAnew() {
    members = members(2);
    failure = AwsException.denied("may not");
    members.look();
    clock.pass(Duration.ofSeconds(59));
    failure = AwsException.missing("there is no such stack");
    members.look();
    failure = AwsException.denied("may not");
    clock.pass(Duration.ofSeconds(30));
    members.look();
    clock.pass(Duration.ofSeconds(59));
    members.look();
    failure = null;
    look("10.0.0.1", "10.0.0.2");

    assertThat(members.missing()).isEmpty();
    assertThatCode(members::await).doesNotThrowAnyException();
  }

  @Test
  void whoLosesTheRightToKnowLaterGoesOnWithThoseThatWereKnown() {
    members = members(1);
    look("10.0.0.1");
    failure = AwsException.denied("may not");
    members.look();
    clock.pass(Duration.ofMinutes(10));
    members.look();

    assertThat(members.missing()).isEmpty();
    assertThatCode(members::await).doesNotThrowAnyException();
    assertThat(hosts()).containsExactly("10.0.0.1");
  }

  @Test
  void aRightThatComesLaterIsAllThatIsForgiven() {
    members = members(2);
    failure = AwsException.denied("may not");
    members.look();
    failure = null;
    look("10.0.0.1");
    assertThat(members.missing()).contains("members of stack spark-1: 1 of 2 in service");
    look("10.0.0.1", "10.0.0.2");
    assertThat(members.missing()).isEmpty();
  }

  @Test
  void itGoesOnLookingByItselfWhateverHappens() throws Exception {
    members = members(1);
    broken = true;
    members.follow();
    await().until(() -> said.stream().anyMatch(text -> text.contains("an error of the appliance")));
    broken = false;
    inService = List.of("10.0.0.1");
    await().atMost(Duration.ofSeconds(30)).until(() -> members.missing().isEmpty());
    members.await();

    assertThat(members.now()).hasSize(1);
  }

  private void look(String... addresses) {
    inService = List.of(addresses);
    members.look();
  }

  private List<String> hosts() {
    assertThat(members.missing()).isEmpty();
    return members.now().stream().map(HostAndPort::host).toList();
  }

  private StackMembers members(int wanted, HostAndPort... first) {
    return members(new Completeness.AtLeast(wanted), first);
  }

  private StackMembers ensemble(int size) {
    expected = OptionalInt.of(size);
    return members(new Completeness.Ensemble());
  }

  private StackMembers members(Completeness completeness, HostAndPort... first) {
    return members(this::inService, completeness, () -> {}, first);
  }

  private StackMembers members(
      StackMembers.Lookup lookup,
      Completeness completeness,
      Runnable whenKnown,
      HostAndPort... first) {
    return new StackMembers(
        lookup,
        "spark-1",
        7077,
        completeness,
        List.of(first),
        said::add,
        now -> {
          changes.add(now);
          whenKnown.run();
        },
        clock);
  }

  private Attendance inService(String stack, int port) throws AwsException {
    assertThat(stack).isEqualTo("spark-1");
    assertThat(port).isEqualTo(7077);
    if (broken) {
      throw new IllegalStateException("of the test");
    }
    if (failure != null) {
      throw failure;
    }
    return new Attendance(inService, expected);
  }
}
