package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.testing.FakeSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be asked of a job beside running it: its end, its repetition, its limits. */
class JobLifeTest {
  private static final String ME = "ann";
  private static final JobLimits LIMITS = JobsFixture.limits(1, 1, 100);

  @TempDir private Path directory;
  private Path sparkHome;
  private Path root;

  @BeforeEach
  void prepare() throws IOException {
    sparkHome = FakeSpark.create(directory.resolve("spark"));
    root = directory.resolve("jobs");
  }

  private Jobs open(JobLimits limits) throws IOException {
    return JobsFixture.open(root, sparkHome, Map.of("PATH", "/usr/bin:/bin"), limits);
  }

  private static JobLimits limits(
      int waitingPerUser, long inputPerUser, long outputPerUser, long output, long keepBytes) {
    return new JobLimits(
        1,
        1,
        100,
        Integer.MAX_VALUE,
        waitingPerUser,
        inputPerUser,
        outputPerUser,
        output,
        Duration.ofDays(1),
        keepBytes,
        Duration.ofSeconds(2));
  }

  private static Job submit(Jobs jobs, String owner, String program, Terms terms)
      throws IOException {
    Path upload = Files.createTempFile(jobs.incoming(), "upload", "");
    Files.writeString(upload, program);
    try {
      return jobs.submitApplication(
          owner, ApplicationRequest.parse("program.py", "", "", ""), Upload.of(upload), terms);
    } finally {
      Files.deleteIfExists(upload);
    }
  }

  private static Job submit(Jobs jobs, String program) throws IOException {
    return submit(jobs, ME, program, Terms.named("program"));
  }

  private static Terms attempts(int attempts) {
    return new Terms("program", attempts, Optional.empty(), Optional.empty());
  }

  private static Terms within(Duration limit) {
    return new Terms("program", 1, Optional.of(limit), Optional.empty());
  }

  private static Terms once(String key) {
    return new Terms("program", 1, Optional.empty(), Optional.of(key));
  }

  private static Job end(Jobs jobs, Job job) throws Exception {
    Job end = jobs.await(job, Duration.ofSeconds(20));
    assertThat(end.state().isFinal()).as(end.toString()).isTrue();
    return end;
  }

  private static void awaitFile(Path file) {
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(file));
  }

  /** A program that says that it runs, and then does so for a long time. */
  private static String runsLong(Path begun) {
    return "echo $$ > '%1$s.new'; mv '%1$s.new' '%1$s'; exec sleep 600".formatted(begun);
  }

  private static boolean isAlive(Path begun) throws IOException {
    return ProcessHandle.of(Long.parseLong(Files.readString(begun).strip()))
        .filter(ProcessHandle::isAlive)
        .isPresent();
  }

  @Test
  void a_running_job_that_is_cancelled_ends_and_is_not_a_failed_one() throws Exception {
    try (Jobs jobs = open(LIMITS)) {
      Path begun = directory.resolve("begun");
      Job job = submit(jobs, ME, runsLong(begun), attempts(3));
      awaitFile(begun);
      jobs.cancel(job, "bob");
      Job end = end(jobs, job);
      assertThat(end.state()).isEqualTo(JobState.CANCELLED);
      assertThat(end.reason()).contains("cancelled by bob");
      assertThat(end.attempt()).isEqualTo(1);
      assertThat(isAlive(begun)).isFalse();
      assertThatThrownBy(() -> jobs.cancel(end, "bob")).isInstanceOf(ConflictException.class);
    }
  }

  @Test
  void a_waiting_job_that_is_cancelled_never_begins() throws Exception {
    try (Jobs jobs = open(LIMITS)) {
      Path begun = directory.resolve("begun");
      Job first = submit(jobs, runsLong(begun));
      Job second = submit(jobs, "touch '" + directory.resolve("trace") + "'");
      awaitFile(begun);
      assertThat(jobs.cancel(second, ME).state()).isEqualTo(JobState.CANCELLED);
      jobs.cancel(first, ME);
      end(jobs, first);
      assertThat(end(jobs, submit(jobs, "true")).state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(directory.resolve("trace")).doesNotExist();
    }
  }

  @Test
  void a_cancellation_outlives_a_crash() throws Exception {
    JobFiles files = JobFiles.open(root);
    Path begun = directory.resolve("begun");
    JobId running = JobId.random();
    ApplicationRequest request = ApplicationRequest.parse("x.py", "", "", "");
    Path upload = Files.createTempFile(files.incoming(), "upload", "");
    files.create(running, request, Upload.of(Files.writeString(upload, runsLong(begun))));
    ApplicationRunner runner = JobsFixture.runner(sparkHome, Map.of("PATH", "/usr/bin:/bin"));
    Process process = runner.start(files.directory(running), request);
    files.addProcess(running, ProcessIdentity.of(process.toHandle()).orElseThrow());
    JobsFixture.write(
        root,
        JobsFixture.accepted(running, JobKind.APPLICATION, ME)
            .running(Instant.now())
            .cancelledBy(ME));
    JobId waiting = JobId.random();
    JobsFixture.write(root, JobsFixture.accepted(waiting, JobKind.APPLICATION, ME).cancelledBy(ME));
    ApplicationRunner.proceed(process);
    awaitFile(begun);
    try (Jobs jobs = open(LIMITS)) {
      for (JobId id : new JobId[] {running, waiting}) {
        Job job = jobs.find(Optional.of(ME), id).orElseThrow();
        assertThat(end(jobs, job).state()).isEqualTo(JobState.CANCELLED);
      }
      assertThat(isAlive(begun)).isFalse();
    }
  }

  @Test
  void a_failed_job_is_begun_again_as_often_as_it_may() throws Exception {
    try (Jobs jobs = open(LIMITS)) {
      Path count = directory.resolve("count");
      String fails = "echo x >> '" + count + "'; test $(wc -l < '" + count + "') = 3";
      assertThat(end(jobs, submit(jobs, ME, fails, attempts(2))).state())
          .isEqualTo(JobState.FAILED);
      Files.delete(count);
      Job job = end(jobs, submit(jobs, ME, fails, attempts(4)));
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(job.attempt()).isEqualTo(3);
      assertThat(job.error()).isEmpty();
    }
  }

  @Test
  void a_job_that_was_cut_off_is_begun_again_only_if_its_owner_allowed_it() throws Exception {
    JobFiles files = JobFiles.open(root);
    JobId allowed = JobId.random();
    JobId not = JobId.random();
    JobId notBegun = JobId.random();
    for (JobId id : new JobId[] {allowed, not, notBegun}) {
      Path upload = Files.createTempFile(files.incoming(), "upload", "");
      files.create(
          id,
          ApplicationRequest.parse("x.py", "", "", ""),
          Upload.of(Files.writeString(upload, "echo again")));
      Job job = JobsFixture.accepted(id, JobKind.APPLICATION, ME);
      Job withTerms =
          Job.accepted(
              id,
              new Submission(
                  job.kind(),
                  ME,
                  job.submission().at(),
                  "test-node",
                  id.equals(allowed) ? attempts(2) : attempts(1),
                  Optional.empty(),
                  0));
      JobsFixture.write(
          root, id.equals(notBegun) ? withTerms.starting() : withTerms.running(Instant.now()));
    }
    try (Jobs jobs = open(LIMITS)) {
      Job again = end(jobs, jobs.find(Optional.of(ME), allowed).orElseThrow());
      assertThat(again.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(again.attempt()).isEqualTo(2);
      Job lost = jobs.find(Optional.of(ME), not).orElseThrow();
      assertThat(lost.state()).isEqualTo(JobState.LOST);
      Job first = end(jobs, jobs.find(Optional.of(ME), notBegun).orElseThrow());
      assertThat(first.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(first.attempt()).isEqualTo(1);
    }
  }

  @Test
  void a_job_ends_at_its_time_limit() throws Exception {
    try (Jobs jobs = open(LIMITS)) {
      Path begun = directory.resolve("begun");
      Job end = end(jobs, submit(jobs, ME, runsLong(begun), within(Duration.ofSeconds(1))));
      assertThat(end.state()).isEqualTo(JobState.FAILED);
      assertThat(end.reason()).contains("it ran longer than its time limit of 1 seconds");
    }
  }

  @Test
  void the_same_request_under_the_same_key_is_the_same_job() throws Exception {
    Job job;
    try (Jobs jobs = open(LIMITS)) {
      job = submit(jobs, ME, "echo x", once("key-1"));
      assertThat(submit(jobs, ME, "echo x", once("key-1")).id()).isEqualTo(job.id());
      assertThat(submit(jobs, "bob", "echo x", once("key-1")).id()).isNotEqualTo(job.id());
      assertThat(submit(jobs, ME, "echo x", once("key-2")).id()).isNotEqualTo(job.id());
      assertThatThrownBy(() -> submit(jobs, ME, "echo y", once("key-1")))
          .isInstanceOf(ConflictException.class)
          .hasMessageContaining(job.id().value());
      end(jobs, job);
      assertThat(jobs.incoming()).isEmptyDirectory();
    }
    try (Jobs jobs = open(LIMITS)) {
      assertThat(submit(jobs, ME, "echo x", once("key-1")).id()).isEqualTo(job.id());
    }
  }

  @Test
  void who_has_too_much_waiting_or_stored_is_told_so() throws Exception {
    try (Jobs jobs = open(limits(1, 1000, 1_000_000, Long.MAX_VALUE, Long.MAX_VALUE))) {
      Path begun = directory.resolve("begun");
      Job running = submit(jobs, runsLong(begun));
      awaitFile(begun);
      Job waiting = submit(jobs, "echo waits");
      assertThatThrownBy(() -> submit(jobs, "echo too many"))
          .isInstanceOf(QuotaException.class)
          .hasMessageContaining("MAX_USER_QUEUED_JOBS");
      submit(jobs, "bob", "echo another user's", Terms.named("x"));
      jobs.cancel(running, ME);
      end(jobs, running);
      end(jobs, waiting);
      assertThatThrownBy(() -> submit(jobs, "#".repeat(1000)))
          .isInstanceOf(QuotaException.class)
          .hasMessageContaining("MAX_USER_UPLOADS");
    }
  }

  @Test
  void whoever_has_left_too_much_behind_has_to_delete_some() throws Exception {
    try (Jobs jobs = open(limits(9, Long.MAX_VALUE, 1000, Long.MAX_VALUE, Long.MAX_VALUE))) {
      Job large = end(jobs, submit(jobs, "head -c 2000 /dev/zero"));
      assertThat(large.outputBytes()).isBetween(2000L, 4000L);
      assertThatThrownBy(() -> submit(jobs, "echo x"))
          .isInstanceOf(QuotaException.class)
          .hasMessageContaining("MAX_USER_OUTPUTS");
      jobs.delete(large);
      assertThat(jobs.find(Optional.of(ME), large.id())).isEmpty();
      assertThat(root.resolve(large.id().value())).doesNotExist();
      assertThat(end(jobs, submit(jobs, "echo x")).state()).isEqualTo(JobState.SUCCEEDED);
    }
  }

  @Test
  void a_job_that_writes_too_much_is_ended() throws Exception {
    try (Jobs jobs = open(limits(9, Long.MAX_VALUE, Long.MAX_VALUE, 100_000, Long.MAX_VALUE))) {
      Job end = end(jobs, submit(jobs, "yes; true"));
      assertThat(end.state()).isEqualTo(JobState.FAILED);
      assertThat(end.reason().orElse("")).contains("MAX_JOB_OUTPUT");
    }
  }

  @Test
  void a_job_that_runs_can_not_be_deleted() throws Exception {
    try (Jobs jobs = open(LIMITS)) {
      Path begun = directory.resolve("begun");
      Job job = submit(jobs, runsLong(begun));
      assertThatThrownBy(() -> jobs.delete(job))
          .isInstanceOf(ConflictException.class)
          .hasMessageContaining("cancel it first");
    }
  }

  @Test
  void what_ended_long_ago_is_removed_and_so_is_what_takes_too_much_space() throws Exception {
    JobFiles files = JobFiles.open(root);
    Job old = JobsFixture.accepted(JobId.random(), JobKind.SQL, ME);
    Job recent = JobsFixture.accepted(JobId.random(), JobKind.SQL, ME);
    Job large = JobsFixture.accepted(JobId.random(), JobKind.SQL, ME);
    for (Job job : new Job[] {old, recent, large}) {
      Files.createDirectories(files.directory(job.id()));
    }
    JobsFixture.write(root, old.succeeded(Instant.now().minus(Duration.ofHours(25))));
    JobsFixture.write(
        root, large.succeeded(Instant.now().minus(Duration.ofHours(2))).leaving(1000));
    JobsFixture.write(
        root, recent.succeeded(Instant.now().minus(Duration.ofHours(1))).leaving(500));
    try (Jobs jobs = open(limits(9, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, 800))) {
      Awaitility.await()
          .untilAsserted(
              () -> {
                assertThat(jobs.find(Optional.empty(), old.id())).isEmpty();
                assertThat(jobs.find(Optional.empty(), large.id())).isEmpty();
              });
      assertThat(jobs.find(Optional.empty(), recent.id())).isPresent();
      assertThat(files.directory(old.id())).doesNotExist();
      assertThat(files.directory(recent.id())).exists();
    }
  }

  @Test
  void what_a_failed_job_left_behind_is_counted_and_can_be_read() throws Exception {
    try (Jobs jobs = open(LIMITS)) {
      Job job = end(jobs, submit(jobs, "printf out; exit 4"));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      jobs.writeOutput(job, OutputFormat.TEXT, out);
      assertThat(out.toString(StandardCharsets.UTF_8)).contains("exit code 4");
      assertThat(job.outputBytes()).isPositive();
    }
  }
}
