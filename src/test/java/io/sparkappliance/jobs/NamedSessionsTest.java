package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.testing.Gate;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Sessions that outlive a job, on a real thrift server where they need one. */
@ExtendWith(ThriftServerProcess.Shared.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class NamedSessionsTest {
  private static final String ANN = "ann";
  private static final String LONG =
      "select count(*) from range(0, 100000000000, 1, 100) where sqrt(id) = rand()";
  private static final String GONE = "is gone, with its variables";

  @TempDir private Path directory;

  private Jobs open(HostAndPort server, int places) throws IOException {
    return JobsFixture.open(
        directory.resolve("jobs"),
        new SqlSessions(SparkDistribution.home(), "spark-test", ThriftServerProcess.TOKEN),
        Optional.of(server),
        JobsFixture.runner(SparkDistribution.home(), Map.of()),
        JobsFixture.limits(places, 1, 100));
  }

  private static Job submit(Jobs jobs, String owner, Optional<String> session, String sql)
      throws IOException {
    Path script = Files.createTempFile(jobs.incoming(), "script", "");
    Files.writeString(script, sql);
    SqlRequest request =
        new SqlRequest(Map.of(), SqlParameters.NONE, Optional.empty(), Optional.empty(), session);
    return jobs.submitQuery(owner, request, script, Terms.named("q"));
  }

  private static Job end(Jobs jobs, Job job) throws Exception {
    return jobs.await(job, Duration.ofMinutes(2));
  }

  private static Job run(Jobs jobs, String owner, String session, String sql) throws Exception {
    return end(jobs, submit(jobs, owner, Optional.of(session), sql));
  }

  private static void awaitRunning(Jobs jobs, Job job) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> jobs.find(Optional.empty(), job.id()).orElseThrow().state() == JobState.RUNNING);
  }

  @Test
  void what_a_query_leaves_in_its_session_is_there_for_the_next(ThriftServerProcess server)
      throws Exception {
    try (Jobs jobs = open(server.address(), 2)) {
      jobs.sessions().create(ANN, "work", Map.of("from.the.beginning", "9"));
      Job first =
          run(jobs, ANN, "work", "create temporary view mine as select 7 as x; set my.var=5");
      assertThat(first.state()).as(first.toString()).isEqualTo(JobState.SUCCEEDED);
      Job next =
          run(
              jobs,
              ANN,
              "work",
              "select assert_true(x = 7 and ${my.var} = 5 and ${from.the.beginning} = 9) from"
                  + " mine");
      assertThat(next.state()).as(next.toString()).isEqualTo(JobState.SUCCEEDED);
      assertThat(run(jobs, "bob", "work", "select * from mine").state()).isEqualTo(JobState.FAILED);
      assertThat(run(jobs, ANN, "other", "select * from mine").state()).isEqualTo(JobState.FAILED);
      assertThat(jobs.sessions().of(ANN)).extracting(SessionInfo::name).contains("other", "work");
      assertThatThrownBy(() -> submit(jobs, ANN, Optional.of("third"), "select 1"))
          .isInstanceOf(QuotaException.class)
          .hasMessageContaining("MAX_USER_SESSIONS");
      Job running = submit(jobs, ANN, Optional.of("work"), LONG);
      assertThatThrownBy(() -> jobs.sessions().delete(ANN, "work"))
          .isInstanceOf(ConflictException.class);
      jobs.cancel(running, ANN);
      end(jobs, running);
      assertThat(run(jobs, ANN, "work", "select * from mine").state())
          .isEqualTo(JobState.SUCCEEDED);
      assertThat(jobs.sessions().delete(ANN, "work")).isTrue();
      assertThat(run(jobs, ANN, "work", "select * from mine").reason().orElse(""))
          .startsWith("[TABLE_OR_VIEW_NOT_FOUND]");
    }
  }

  @Test
  void all_that_was_sent_before_a_loss_was_told_fails_and_the_rest_begins_anew(
      ThriftServerProcess server) throws Exception {
    try (Gate gate = new Gate(URI.create("http://" + server.address()))) {
      gate.open();
      HostAndPort there = new HostAndPort("127.0.0.1", gate.endpoint().getPort());
      try (Jobs jobs = open(there, 2)) {
        assertThat(run(jobs, ANN, "work", "create temporary view mine as select 1").state())
            .isEqualTo(JobState.SUCCEEDED);
        Job cut = submit(jobs, ANN, Optional.of("work"), LONG);
        Job second = submit(jobs, ANN, Optional.of("work"), "select 2");
        Job third = submit(jobs, ANN, Optional.of("work"), "select 3");
        awaitRunning(jobs, cut);
        gate.shut();
        gate.open();
        assertThat(end(jobs, cut).state()).isEqualTo(JobState.FAILED);
        assertThat(end(jobs, second).reason().orElse("")).contains("session work " + GONE);
        assertThat(end(jobs, third).reason().orElse("")).contains("session work " + GONE);
        assertThat(run(jobs, ANN, "work", "select 4").state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(run(jobs, ANN, "work", "select * from mine").reason().orElse(""))
            .startsWith("[TABLE_OR_VIEW_NOT_FOUND]");
      }
    }
  }

  @Test
  void after_a_restart_a_query_runs_only_where_nothing_was_lost(ThriftServerProcess server)
      throws Exception {
    Job ofOld;
    Job ofNew;
    try (Jobs jobs = open(server.address(), 1)) {
      assertThat(run(jobs, ANN, "old", "set a.b=1").state()).isEqualTo(JobState.SUCCEEDED);
      Job other = submit(jobs, "bob", Optional.empty(), LONG);
      awaitRunning(jobs, other);
      ofOld = submit(jobs, ANN, Optional.of("old"), "select 1");
      ofNew = submit(jobs, ANN, Optional.of("new"), "select 1");
    }
    try (Jobs jobs = open(server.address(), 1)) {
      assertThat(end(jobs, ofOld).reason().orElse("")).contains("session old " + GONE);
      assertThat(end(jobs, ofNew).state()).isEqualTo(JobState.SUCCEEDED);
    }
    try (Jobs jobs = open(server.address(), 1)) {
      assertThat(jobs.sessions().of(ANN)).isEmpty();
      assertThat(run(jobs, ANN, "old", "select 1").state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(run(jobs, ANN, "new", "select 1").reason().orElse(""))
          .contains("session new " + GONE);
      assertThat(run(jobs, ANN, "new", "select 1").state()).isEqualTo(JobState.SUCCEEDED);
    }
  }

  private NamedSessions unopened(Duration idle) throws IOException {
    NamedSessions sessions =
        new NamedSessions(
            new SqlSessions(directory, "me", new Secret("x")),
            directory.resolve("marks"),
            idle,
            2,
            InstantSource.system());
    sessions.start();
    return sessions;
  }

  @Test
  void a_session_that_nobody_uses_is_closed() throws Exception {
    try (NamedSessions sessions = unopened(Duration.ofMillis(100))) {
      sessions.create(ANN, "work", Map.of());
      Awaitility.await().until(() -> sessions.of(ANN).isEmpty());
      assertThat(directory.resolve("marks")).isEmptyDirectory();
    }
  }

  @Test
  void who_signs_off_leaves_no_session_behind() throws Exception {
    SqlRequest request =
        new SqlRequest(
            Map.of(), SqlParameters.NONE, Optional.empty(), Optional.empty(), Optional.of("busy"));
    try (NamedSessions sessions = unopened(Duration.ofMinutes(1))) {
      sessions.create(ANN, "work", Map.of());
      sessions.create("bob", "work", Map.of());
      JobId job = JobId.random();
      sessions.enter(job, ANN, request);
      sessions.deleteAll(ANN);
      assertThat(sessions.of(ANN)).extracting(SessionInfo::name).containsExactly("busy");
      sessions.leave(job);
      assertThat(sessions.of(ANN)).isEmpty();
      assertThat(sessions.of("bob")).hasSize(1);
    }
  }
}
