package io.sparkappliance.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.settings.NoticeKind;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoticesTest {
  private static final Instant NOW = Instant.parse("2026-09-18T08:20:00Z");

  private final List<Notice> noticed = new CopyOnWriteArrayList<>();
  private final List<String> said = new CopyOnWriteArrayList<>();
  private FakeMetadata metadata;
  private Notices notices;

  @BeforeEach
  void start() throws IOException {
    metadata = new FakeMetadata("10.0.3.4");
    notices =
        new Notices(
            new MetadataService(URI.create(metadata.endpoint()), Duration.ofSeconds(5)),
            Clock.fixed(NOW, ZoneOffset.UTC),
            said::add,
            Duration.ofMillis(20));
  }

  @AfterEach
  void stop() {
    notices.close();
    metadata.close();
  }

  @Test
  void anInstanceThatGoesOnHasNone() {
    metadata.with(Notices.TARGET_STATE, "InService");
    assertThat(notices.now()).isEmpty();
  }

  @Test
  void aSpotInterruptionHasItsActionAndItsTime() {
    metadata.with(Notices.SPOT, "{\"action\": \"terminate\", \"time\": \"2026-09-18T08:22:00Z\"}");

    Notice notice = notices.now().getFirst();
    assertThat(notice)
        .isEqualTo(
            new Notice.Interruption("terminate", Optional.of(NOW.plus(Duration.ofMinutes(2)))));
    assertThat(notice.words())
        .isEqualTo("EC2 interrupts this spot instance (terminate at 2026-09-18T08:22:00Z)");
    assertThat(notice.endsInstance()).isTrue();
    assertThat(notice.kind()).isEqualTo(NoticeKind.SPOT);
  }

  @Test
  void anInstanceThatHibernatesWakesUp() {
    metadata.with(Notices.SPOT, "{\"action\": \"hibernate\", \"time\": \"2026-09-18T08:20:00Z\"}");
    assertThat(notices.now().getFirst().endsInstance()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "<html>", "{\"action\": \"terminate\", \"time\": 7}"})
  void anInterruptionInAnUnknownFormIsOneAllTheSame(String text) {
    metadata.with(Notices.SPOT, text);
    assertThat(notices.now())
        .containsExactly(new Notice.Interruption("terminate", Optional.empty()));
  }

  @Test
  void anInterruptionThatNeverCameIsNone() {
    metadata.with(Notices.SPOT, "{\"action\": \"stop\", \"time\": \"2026-09-18T08:14:59Z\"}");
    assertThat(notices.now()).isEmpty();
  }

  @Test
  void aRecommendationIsNoEnd() {
    metadata.with(Notices.REBALANCE, "{\"noticeTime\": \"2026-09-18T08:19:00Z\"}");
    assertThat(notices.now()).containsExactly(new Notice.Rebalance());
    assertThat(notices.now().getFirst().endsInstance()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Terminated", "Terminated\n", "Warmed:Terminated"})
  void aGroupEndsItsInstance(String target) {
    metadata.with(Notices.TARGET_STATE, target);
    assertThat(notices.now()).containsExactly(new Notice.Termination(target.strip()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"InService", "Standby", "Detached", "Warmed:Stopped", "Warmed:Running", ""})
  void otherStatesOfAGroupAreNoEnd(String target) {
    metadata.with(Notices.TARGET_STATE, target);
    assertThat(notices.now()).isEmpty();
  }

  @Test
  void eachIsToldOnceWhenItComes() {
    notices.follow(noticed::add);
    await().until(() -> metadata.questions() > 10);
    assertThat(noticed).isEmpty();
    metadata.with(Notices.REBALANCE, "{}");
    await().until(() -> noticed.size() == 1);
    metadata.with(Notices.TARGET_STATE, "Terminated");
    await().until(() -> noticed.size() == 2);

    int before = metadata.questions();
    await().until(() -> metadata.questions() > before + 12);
    assertThat(noticed)
        .containsExactly(new Notice.Rebalance(), new Notice.Termination("Terminated"));
    assertThat(said).isEmpty();
  }

  @Test
  void anInstanceThatWokeUpMayBeInterruptedAgain() {
    notices.follow(noticed::add);
    for (String time : List.of("2026-09-18T08:22:00Z", "2026-09-18T09:22:00Z")) {
      int before = noticed.size();
      metadata.with(Notices.SPOT, "{\"action\": \"hibernate\", \"time\": \"" + time + "\"}");
      await().until(() -> noticed.size() == before + 1);
      metadata.without(Notices.SPOT);
    }
  }

  @Test
  void aServiceThatIsAwayIsNoNoticeAndIsToldOnce() {
    notices.follow(noticed::add);
    await().until(() -> metadata.questions() > 3);
    metadata.away(true);
    await().until(() -> !said.isEmpty());
    int before = metadata.questions();
    await().until(() -> metadata.questions() > before + 40);
    assertThat(said)
        .hasSize(1)
        .allMatch(
            line -> line.startsWith("warning: the instance metadata service does not answer"));

    metadata.with(Notices.TARGET_STATE, "Terminated").away(false);
    await().until(() -> noticed.size() == 1);
    assertThat(said).hasSize(2).last().isEqualTo("the instance metadata service answers again");
  }

  @Test
  void aHiccupOfTheServiceIsNoNews() {
    notices.follow(noticed::add);
    metadata.away(true);
    int before = metadata.questions();
    await().until(() -> metadata.questions() > before + 4);
    metadata.away(false).with(Notices.REBALANCE, "{}");
    await().until(() -> noticed.size() == 1);
    assertThat(said).isEmpty();
  }

  @Test
  void aListenerThatFailsIsToldOfWhatComesNext() {
    notices.follow(
        notice -> {
          noticed.add(notice);
          throw new IllegalStateException("of the test");
        });
    metadata.with(Notices.REBALANCE, "{}");
    await().until(() -> noticed.size() == 1);
    metadata.with(Notices.TARGET_STATE, "Terminated");
    await().until(() -> noticed.size() == 2);
  }

  @Test
  void whoWaitsForTheEndOfANoticeGoesOnThen() throws Exception {
    metadata.with(Notices.TARGET_STATE, "Terminated").with(Notices.REBALANCE, "{}");
    Thread waiting =
        Thread.ofPlatform().start(() -> notices.awaitNone(Notice.Termination.class::isInstance));
    await().until(() -> metadata.questions() > 20);
    metadata.away(true).without(Notices.TARGET_STATE);
    int before = metadata.questions();
    await().until(() -> metadata.questions() > before + 20);
    assertThat(waiting.isAlive()).as("nothing is known while the service is away").isTrue();

    metadata.away(false);
    assertThat(waiting.join(Duration.ofSeconds(30))).isTrue();
  }

  @Test
  void whoIsInterruptedWaitsNoLonger() throws Exception {
    metadata.with(Notices.TARGET_STATE, "Terminated");
    Thread waiting =
        Thread.ofPlatform().start(() -> notices.awaitNone(Notice.Termination.class::isInstance));
    await().until(() -> metadata.questions() > 5);
    waiting.interrupt();

    assertThat(waiting.join(Duration.ofSeconds(30))).isTrue();
  }
}
