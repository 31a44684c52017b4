package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.aws.AwsApi;
import io.sparkappliance.aws.FakeAutoScaling;
import io.sparkappliance.aws.FakeMetadata;
import io.sparkappliance.aws.Instance;
import io.sparkappliance.aws.LifecycleHook;
import io.sparkappliance.aws.Notices;
import io.sparkappliance.settings.NoticeKind;
import io.sparkappliance.settings.Settings.Draining;
import io.sparkappliance.testing.ClockByHand;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A metadata service and an auto-scaling service on loopback; the node only notes its orders. */
class DepartureTest {
  private static final String SPOT = "meta-data/spot/instance-action";
  private static final String REBALANCE = "meta-data/events/recommendations/rebalance";
  private static final String TARGET_STATE = "meta-data/autoscaling/target-lifecycle-state";
  private static final Instant NOW = Instant.parse("2026-09-18T08:20:00Z");
  private static final Duration OFTEN = Duration.ofMillis(20);
  private static final Duration NEVER = Duration.ofHours(1);

  private final List<String> said = new CopyOnWriteArrayList<>();
  private final List<String> orders = new CopyOnWriteArrayList<>();
  private FakeMetadata metadata;
  private FakeAutoScaling group;
  private AwsApi aws;
  private Departure departure;

  private Set<NoticeKind> on = EnumSet.of(NoticeKind.SPOT, NoticeKind.LIFECYCLE);
  private Duration timeout = Duration.ofMinutes(10);
  private boolean hooked = true;
  private Duration heartbeat = NEVER;
  private Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);

  @BeforeEach
  void start() throws IOException {
    metadata =
        new FakeMetadata("10.0.3.4")
            .with("meta-data/tags/instance/aws:autoscaling:groupName", "workers");
    group = new FakeAutoScaling();
    aws = group.client();
  }

  @AfterEach
  void stop() {
    if (departure != null) {
      departure.hurry();
      departure.finish();
    }
    aws.close();
    group.close();
    metadata.close();
  }

  @ParameterizedTest(name = "at {0}, at most {1}: {2} s")
  @CsvSource({
    "2026-09-18T08:22:00Z, 10m, 115",
    "2026-09-18T08:21:00Z, 10m, 55",
    "2026-09-18T08:21:00Z, 30s, 30",
    // Seen late, or by a clock that goes wrong.
    "2026-09-18T08:20:01Z, 10m, 10",
    "2026-09-18T08:19:00Z, 10m, 10",
    "2026-09-18T09:19:00Z, 10m, 115",
  })
  void aSpotInterruptionLeavesTheTimeUntilIt(String time, String most, int seconds) {
    timeout = Duration.parse("PT" + most);
    metadata.with(SPOT, "{\"action\": \"terminate\", \"time\": \"" + time + "\"}");
    follow();

    await().until(() -> !orders.isEmpty());
    assertThat(orders).containsExactly("drain " + seconds);
    assertThat(said)
        .containsExactly(
            "EC2 interrupts this spot instance (terminate at %s): the node gives its work to others"
                .formatted(time));
  }

  @Test
  void aSpotInstanceThatHibernatesGoesOn() {
    metadata.with(SPOT, "{\"action\": \"hibernate\", \"time\": \"2026-09-18T08:20:00Z\"}");
    follow();
    await().until(() -> !said.isEmpty());
    assertThat(said.getFirst()).contains("hibernate").endsWith("goes on when it wakes");
    assertThat(orders).isEmpty();
  }

  @Test
  void anEndByTheGroupIsCompletedWhenTheNodeHasEnded() {
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> !orders.isEmpty());
    assertThat(orders).containsExactly("drain 600");
    assertThat(group.actions()).as("the node still drains").isEmpty();

    departure.finish();
    assertThat(group.actions()).containsExactly("CompleteLifecycleAction");
    assertThat(said)
        .containsExactly(
            "the auto-scaling group ends this instance: the node gives its work to others",
            "completed the lifecycle action: the hook drain of the group workers");
  }

  @Test
  void aLongDrainAsksTheGroupToWait() {
    heartbeat = OFTEN;
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> group.actions().size() > 2);
    departure.finish();
    assertThat(group.actions())
        .startsWith("RecordLifecycleActionHeartbeat", "RecordLifecycleActionHeartbeat")
        .endsWith("CompleteLifecycleAction")
        .containsOnlyOnce("CompleteLifecycleAction");
  }

  @Test
  void heartbeatsThatAreDeniedAreToldOnceAndTheDrainGoesOn() {
    heartbeat = OFTEN;
    group.will(FakeAutoScaling.Answer.DENIES);
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> group.actions().size() > 3);
    departure.finish();

    assertThat(orders).containsExactly("drain 600");
    assertThat(said.stream().filter(line -> line.contains("takes no heartbeat"))).hasSize(1);
    assertThat(said.getLast())
        .startsWith("warning: the lifecycle action is not completed")
        .contains("the role of this node may not call autoscaling:CompleteLifecycleAction");
  }

  @Test
  void aGroupThatDoesNotWaitYetIsAskedAgain() {
    group.will(FakeAutoScaling.Answer.NOT_WAITING);
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> !orders.isEmpty());
    Thread finishing = Thread.ofPlatform().start(departure::finish);
    await().until(() -> group.actions().size() > 3);
    group.will(FakeAutoScaling.Answer.TAKES);

    await().until(() -> !finishing.isAlive());
    assertThat(said)
        .containsOnlyOnce(
            "the group does not wait for the hook drain of the group workers yet: asks again")
        .last()
        .isEqualTo("completed the lifecycle action: the hook drain of the group workers");
  }

  @Test
  void whoStopsTheNodeDoesNotWaitForTheGroup() {
    group.will(FakeAutoScaling.Answer.NOT_WAITING);
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> !orders.isEmpty());
    departure.hurry();
    departure.finish();
    assertThat(group.actions()).containsExactly("CompleteLifecycleAction");
    assertThat(said.getLast()).endsWith("nothing to complete");
  }

  @Test
  void whoStopsTheNodeDoesNotWaitForAnAnswerOfAws() {
    group.will(FakeAutoScaling.Answer.HANGS);
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> !orders.isEmpty());
    departure.hurry();
    departure.finish();
    assertThat(said.getLast())
        .isEqualTo("warning: the lifecycle action is not completed, AWS does not answer");
  }

  @Test
  void aNodeThatHangsDoesNotHoldItsGroup() {
    heartbeat = OFTEN;
    ClockByHand byHand = new ClockByHand(NOW);
    clock = byHand;
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> !group.actions().isEmpty());
    byHand.pass(timeout.plus(Duration.ofMinutes(2)));
    await().until(() -> said.getLast().endsWith("is not asked to wait any longer"));
  }

  @Test
  void aGroupThatNeverWaitsIsLeftAloneInTheEnd() {
    timeout = Duration.ofMillis(200);
    clock = Clock.systemUTC();
    group.will(FakeAutoScaling.Answer.NOT_WAITING);
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> !orders.isEmpty());
    departure.finish();
    assertThat(said.getLast()).endsWith("nothing to complete");
  }

  @Test
  void withoutAHookNobodyIsTold() {
    hooked = false;
    metadata.with(TARGET_STATE, "Terminated");
    follow();
    await().until(() -> !orders.isEmpty());
    departure.finish();
    assertThat(group.calls()).isEmpty();
    assertThat(said.getLast())
        .isEqualTo("the group is not told that this node is done: LIFECYCLE_HOOK is not set");
  }

  @Test
  void aNodeThatEndsForAnotherReasonCompletesNothing() {
    follow();
    departure.finish();
    assertThat(group.calls()).isEmpty();
    assertThat(said).isEmpty();
  }

  @Test
  void aNodeThatIsStoppedBeforeItLookedIsCompletedToo() {
    make();
    metadata.with(TARGET_STATE, "Terminated");
    departure.finish();
    assertThat(group.actions()).containsExactly("CompleteLifecycleAction");
  }

  @Test
  void aRecommendationIsLeftToOthersUnlessAskedFor() {
    metadata.with(REBALANCE, "{}");
    follow();
    await().until(() -> !said.isEmpty());
    assertThat(said.getFirst()).endsWith("; DRAIN_ON leaves that to others");
    assertThat(orders).isEmpty();
  }

  @Test
  void aRecommendationRetiresTheWorkerAndTheEndDrainsTheRest() {
    on = EnumSet.allOf(NoticeKind.class);
    metadata.with(REBALANCE, "{}");
    follow();
    await().until(() -> orders.size() == 1);
    metadata.with(TARGET_STATE, "Terminated");
    await().until(() -> orders.size() == 2);
    assertThat(orders).containsExactly("retire 600", "drain 600");
  }

  @Test
  void nothingStartsOnAnInstanceThatEnds() throws Exception {
    metadata.with(TARGET_STATE, "Terminated");
    make();
    Thread starting = Thread.ofPlatform().start(departure::holdWhileInstanceEnds);
    await().until(() -> group.actions().contains("CompleteLifecycleAction"));
    int before = metadata.questions();
    await().until(() -> metadata.questions() > before + 12);
    assertThat(starting.isAlive()).isTrue();
    assertThat(group.actions()).hasSize(1);

    metadata.with(TARGET_STATE, "InService");
    assertThat(starting.join(Duration.ofSeconds(30))).isTrue();
    assertThat(said)
        .startsWith("the auto-scaling group ends this instance: nothing is started on it any more")
        .endsWith("the instance goes on after all");
    departure.finish();
    assertThat(group.actions()).as("goes on, and is stopped later").hasSize(1);
  }

  @Test
  void whatIsNoEndDoesNotKeepANodeFromItsStart() {
    on = EnumSet.of(NoticeKind.REBALANCE, NoticeKind.SPOT);
    metadata
        .with(REBALANCE, "{}")
        .with(TARGET_STATE, "Terminated")
        .with(SPOT, "{\"action\": \"hibernate\", \"time\": \"2026-09-18T08:20:00Z\"}");
    make();
    departure.holdWhileInstanceEnds();
    assertThat(said).isEmpty();
  }

  private void follow() {
    make();
    departure.follow();
  }

  private void make() {
    Instance instance = metadata.instance();
    departure =
        new Departure(
            new Draining(on, timeout, hooked ? Optional.of("drain") : Optional.empty()),
            new Notices(instance.metadata(), clock, said::add, OFTEN),
            hooked ? Optional.of(new LifecycleHook(aws, instance, "drain")) : Optional.empty(),
            new Departure.Node(
                time -> orders.add("drain " + time.toSeconds()),
                time -> orders.add("retire " + time.toSeconds())),
            said::add,
            clock,
            new Departure.Pauses(heartbeat, OFTEN));
  }
}
