package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
  private static final Duration TIME = Duration.ofSeconds(20);

  @TempDir private Path root;
  private final List<JobId> goneOnWith = new ArrayList<>();
  private final List<JobId> dropped = new ArrayList<>();
  private final Set<JobId> known = new HashSet<>();
  private Runnable trouble = () -> {};
  private JobStore store;
  private Leftovers leftovers;

  private final class Work implements Leftovers.Work {
    @Override
    public boolean isKnown(JobId id) {
      return known.contains(id);
    }

    @Override
    public void goOn(Job job, boolean wasOthers) {
      goneOnWith.add(job.id());
      trouble.run();
    }

    @Override
    public void drop(JobId id) {
      dropped.add(id);
    }
  }

  @BeforeEach
  void open() throws IOException {
    store = JobStore.embedded(root, "test-node");
    store.gateways().enter();
    leftovers = new Leftovers(store.records(), new Work());
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private JobId left() throws Exception {
    Job job = JobsFixture.accepted(JobId.random(), JobKind.APPLICATION, "ann");
    store.records().insert(job);
    leftovers.add(List.of(job.id()), false);
    return job.id();
  }

  private JobState state(JobId id) throws IOException {
    return store.records().find(id).orElseThrow().state();
  }

  @Test
  void each_is_gone_on_with_once() throws Exception {
    JobId first = left();
    JobId second = left();
    leftovers.add(List.of(first), true);
    assertThat(leftovers.goOn(TIME)).isTrue();
    assertThat(leftovers.goOn(TIME)).isTrue();
    assertThat(goneOnWith).containsExactly(first, second);
  }

  @Test
  void one_that_is_live_is_not_begun_a_second_time() throws Exception {
    JobId id = left();
    known.add(id);
    assertThat(leftovers.goOn(TIME)).isTrue();
    assertThat(goneOnWith).isEmpty();
    assertThat(dropped).isEmpty();
    assertThat(state(id)).isEqualTo(JobState.QUEUED);
  }

  @Test
  void one_that_is_over_needs_nothing() throws Exception {
    JobId id = left();
    Job job = store.records().find(id).orElseThrow();
    store.records().save(job.ended(JobState.LOST, Instant.now(), JobError.of("gone")));
    assertThat(leftovers.goOn(TIME)).isTrue();
    assertThat(goneOnWith).isEmpty();
  }

  @Test
  void a_record_of_no_use_is_lost_and_the_rest_is_gone_on_with() throws Exception {
    JobId id = left();
    trouble =
        () -> {
          throw new IllegalStateException("nothing fits");
        };
    assertThat(leftovers.goOn(TIME)).isTrue();
    assertThat(dropped).containsExactly(id);
    assertThat(state(id)).isEqualTo(JobState.LOST);
    trouble = () -> {};
    JobId next = left();
    assertThat(leftovers.goOn(TIME)).isTrue();
    assertThat(goneOnWith).containsExactly(id, next);
  }

  @Test
  void what_fails_because_all_is_being_stopped_is_not_lost() throws Exception {
    JobId id = left();
    trouble =
        () -> {
          leftovers.stop();
          throw new RejectedExecutionException("the timer is stopped");
        };
    JobId next = left();
    assertThat(leftovers.goOn(TIME)).isFalse();
    assertThat(goneOnWith).containsExactly(id);
    assertThat(state(id)).isEqualTo(JobState.QUEUED);
    assertThat(state(next)).isEqualTo(JobState.QUEUED);
  }
}
