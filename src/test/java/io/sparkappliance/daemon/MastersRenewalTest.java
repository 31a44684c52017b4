package io.sparkappliance.daemon;

import static io.sparkappliance.daemon.Renewal.Moment.BEFORE_READY;
import static io.sparkappliance.daemon.Renewal.Moment.BEFORE_START;
import static io.sparkappliance.daemon.Renewal.Moment.LATER;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MasterUrl;
import io.sparkappliance.testing.ClockByHand;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MastersRenewalTest {
  private static final Duration A_MOMENT = Duration.ofSeconds(1);

  private List<HostAndPort> members = masters("spark://a:7077,b:7077");
  private final Set<HostAndPort> there = new HashSet<>(members);
  private final ClockByHand clock = new ClockByHand(Instant.EPOCH);
  private Command current = command(members);

  private final MastersRenewal renewal =
      new MastersRenewal(
          () -> members,
          members,
          master -> there.contains(master),
          MastersRenewalTest::command,
          clock);

  @Test
  void aRunningOneStaysWhileOneOfItsMastersIsThere() {
    becomes("spark://b:7077,c:7077");
    there.addAll(members);
    assertStaysFor(MastersRenewal.STABLE.multipliedBy(3));
  }

  @Test
  void aRunningOneStaysWhileNobodyIsThere() {
    becomes("spark://c:7077");
    there.clear();
    assertStaysFor(MastersRenewal.STABLE.multipliedBy(3));
  }

  @Test
  void aRunningOneStartsAnewOnceTheOthersHaveStayed() {
    becomes("spark://c:7077");
    there.clear();
    there.addAll(members);
    assertStaysFor(MastersRenewal.STABLE.minus(A_MOMENT));
    becomes("spark://c:7077,d:7077");
    there.addAll(members);
    assertStaysFor(MastersRenewal.STABLE.minus(A_MOMENT));
    clock.pass(A_MOMENT);
    assertThat(asked(LATER)).hasValue("spark://c:7077,d:7077");
    assertThat(asked(LATER)).as("until it has it").hasValue("spark://c:7077,d:7077");
    current = command(members);
    assertThat(asked(LATER)).isEmpty();
  }

  @Test
  void whatWasSeenLongAgoDoesNotCount() {
    becomes("spark://c:7077");
    there.clear();
    there.addAll(members);
    assertThat(asked(LATER)).isEmpty();
    clock.pass(MastersRenewal.FORGETFUL.plus(A_MOMENT));
    assertStaysFor(MastersRenewal.STABLE.minus(A_MOMENT));
    // One that it knows is back for a moment.
    there.addAll(masters("spark://a:7077"));
    assertThat(asked(LATER)).isEmpty();
    there.removeAll(masters("spark://a:7077"));
    assertStaysFor(MastersRenewal.STABLE.minus(A_MOMENT));
  }

  @Test
  void oneThatStartsTakesThoseThatAreThere() {
    assertThat(asked(BEFORE_START)).isEmpty();
    becomes("spark://b:7077,c:7077");
    assertThat(asked(BEFORE_START)).hasValue("spark://b:7077,c:7077");
    current = command(members);
    assertThat(asked(BEFORE_START)).as("it has that command").isEmpty();
    becomes("spark://nobody:7077");
    assertThat(asked(BEFORE_START)).isEmpty();
  }

  @Test
  void oneThatNobodyHasRegisteredTakesAListThatHasGrown() {
    becomes("spark://a:7077,b:7077,c:7077");
    there.addAll(members);
    assertThat(asked(BEFORE_READY)).as("perhaps it is still registering").isEmpty();
    clock.pass(MastersRenewal.STABLE);
    assertThat(asked(BEFORE_READY)).hasValue("spark://a:7077,b:7077,c:7077");
    assertThat(asked(LATER)).as("once it works").isEmpty();
    current = command(members);
    assertThat(asked(BEFORE_READY)).isEmpty();

    becomes("spark://a:7077,b:7077");
    clock.pass(MastersRenewal.STABLE.multipliedBy(2));
    assertThat(asked(BEFORE_READY)).as("it knows all of them").isEmpty();
  }

  private void becomes(String url) {
    members = masters(url);
  }

  private void assertStaysFor(Duration time) {
    assertThat(asked(LATER)).isEmpty();
    clock.pass(time);
    assertThat(asked(LATER)).isEmpty();
  }

  private Optional<String> asked(Renewal.Moment moment) {
    return renewal.command(current, moment).map(command -> command.arguments().getFirst());
  }

  private static Command command(List<HostAndPort> these) {
    return new Command(List.of(MasterUrl.of(these)), Map.of(), Path.of("/"));
  }

  private static List<HostAndPort> masters(String url) {
    return MasterUrl.masters(url);
  }
}
