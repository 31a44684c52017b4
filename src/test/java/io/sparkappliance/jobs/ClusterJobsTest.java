package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.Secret;
import io.sparkappliance.testing.FakeSpark;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose drivers run on workers, with a cluster whose answers get lost. */
class ClusterJobsTest {
  private static final String ME = Jobs.LOCAL_OWNER;
  private static final int SMALL = 20_000;

  @TempDir private Path directory;
  private final FakeDrivers drivers = new FakeDrivers();
  private Path sparkHome;

  @BeforeEach
  void prepare() throws IOException {
    sparkHome = FakeSpark.create(directory.resolve("spark"));
  }

  private Jobs open() throws IOException {
    return open(JobsFixture.limits(1, 1, 5));
  }

  private Jobs open(JobLimits limits) throws IOException {
    return JobsFixture.open(
        directory.resolve("jobs"),
        new SqlSessions(sparkHome, "me", new Secret("x")),
        Optional.empty(),
        JobsFixture.runner(sparkHome, Map.of("PATH", "/usr/bin:/bin"), drivers),
        limits);
  }

  private static JobId submit(Jobs jobs, int attempts) throws IOException {
    return submit(jobs, attempts, Optional.empty());
  }

  private static JobId submit(Jobs jobs, int attempts, Optional<Duration> timeLimit)
      throws IOException {
    ApplicationRequest request = JobsFixture.inCluster();
    Path upload = Files.createTempFile(jobs.incoming(), "upload", "");
    Files.writeString(upload, request.cluster().orElseThrow().jar());
    Terms terms = new Terms("program", attempts, timeLimit, Optional.empty(), Optional.empty());
    return jobs.submitApplication(ME, request, Upload.of(upload), terms).id();
  }

  private static Job job(Jobs jobs, JobId id) throws IOException {
    return jobs.find(Optional.of(ME), id).orElseThrow();
  }

  private static Job awaitEnd(Jobs jobs, JobId id) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> job(jobs, id), job -> job.state().isFinal());
  }

  private static void awaitDriver(Jobs jobs, JobId id, String driver) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> job(jobs, id).driver(),
            known -> known.equals(Optional.of(new JobDriver(Optional.of(driver)))));
  }

  private static void awaitApplication(Jobs jobs, JobId id, String application) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> job(jobs, id).sparkApplication().map(SparkApplication::id),
            known -> known.equals(Optional.of(application)));
  }

  private static String log(Jobs jobs, JobId id, LogStream stream) throws IOException {
    return new String(jobs.log(job(jobs, id), stream, 0, 1 << 20).bytes(), StandardCharsets.UTF_8);
  }

  @Test
  void what_a_master_is_asked_for_comes_from_the_request() throws Exception {
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 1);
      awaitDriver(jobs, id, "driver-1");
      assertThat(drivers.asked).hasSize(1);
      assertThat(drivers.asked.getFirst())
          .containsEntry("jar", "file:/opt/app.jar")
          .containsEntry("class", "org.example.Main")
          .containsEntry("supervise", "true")
          .containsEntry("argument.0", "one")
          .containsEntry("setting.spark.cores.max", "2")
          .containsEntry("setting.spark.jars.packages", "a:b:1")
          .containsEntry("variable.APP_KEY", "hidden")
          .containsEntry("mark", " [job " + id + ", attempt 1]")
          .doesNotContainKey("setting.spark.executorEnv.APP_KEY");
      assertThat(drivers.asked.getFirst().getProperty("setting.spark.redaction.regex"))
          .contains("APP_KEY");
      drivers.become("driver-1", "FINISHED");
      assertThat(awaitEnd(jobs, id).state()).isEqualTo(JobState.SUCCEEDED);
    }
  }

  @Test
  void a_driver_whose_acceptance_was_lost_is_found_by_its_mark() throws Exception {
    drivers.answer = Optional.of(new Drivers.Unknown("no answer"));
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 2);
      awaitDriver(jobs, id, "driver-1");
      drivers.become("driver-1", "FINISHED");
      Job job = awaitEnd(jobs, id);
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(job.attempt()).isEqualTo(1);
      assertThat(drivers.asked).hasSize(1);
    }
  }

  @Test
  void which_application_it_is_comes_from_the_driver_that_spark_started_last() throws Exception {
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 1);
      awaitDriver(jobs, id, "driver-1");
      drivers.logs.put("driver-1/out", "id=app-1\n".getBytes(StandardCharsets.UTF_8));
      awaitApplication(jobs, id, "app-1");
      String program = drivers.known.get("driver-1").program();
      drivers.become("driver-1", "RELAUNCHING");
      drivers.put("driver-2", "RUNNING", program);
      drivers.logs.put("driver-2/out", "id=app-2\n".getBytes(StandardCharsets.UTF_8));
      awaitApplication(jobs, id, "app-2");
      drivers.logs.put("driver-2/out", "id=app-3\n".getBytes(StandardCharsets.UTF_8));
      drivers.become("driver-2", "FINISHED");
      assertThat(awaitEnd(jobs, id).sparkApplication().map(SparkApplication::id)).contains("app-3");
    }
  }

  @Test
  void one_that_nobody_finds_is_lost_and_not_asked_for_again() throws Exception {
    drivers.answer = Optional.of(new Drivers.Unknown("no answer"));
    drivers.starts = false;
    try (Jobs jobs = open()) {
      Job job = awaitEnd(jobs, submit(jobs, 3));
      assertThat(job.state()).isEqualTo(JobState.LOST);
      assertThat(job.reason().orElseThrow()).contains("nobody knows whether it took it");
      assertThat(drivers.asked).hasSize(1);
    }
  }

  @Test
  void one_that_masters_refuse_is_asked_for_as_often_as_its_owner_says() throws Exception {
    drivers.answer = Optional.of(new Drivers.Refused("no leader"));
    drivers.starts = false;
    try (Jobs jobs = open()) {
      Job job = awaitEnd(jobs, submit(jobs, 2));
      assertThat(job.state()).isEqualTo(JobState.FAILED);
      assertThat(job.reason()).contains("no master takes its driver: no leader");
      assertThat(drivers.asked).hasSize(2);
    }
  }

  @Test
  void a_failed_program_is_begun_again_and_one_of_unknown_fate_is_not() throws Exception {
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 3);
      awaitDriver(jobs, id, "driver-1");
      drivers.become("driver-1", "FAILED");
      awaitDriver(jobs, id, "driver-2");
      assertThat(drivers.asked.get(1)).containsEntry("mark", " [job " + id + ", attempt 2]");
      drivers.become("driver-2", "ERROR");
      Job job = awaitEnd(jobs, id);
      assertThat(job.state()).isEqualTo(JobState.FAILED);
      assertThat(job.attempt()).isEqualTo(2);
      assertThat(job.reason()).contains("driver driver-2 on worker-1 could not go on: no reason");
    }
  }

  @Test
  void one_that_may_run_on_is_not_begun_again_although_its_time_is_over() throws Exception {
    try (Jobs jobs = open()) {
      drivers.killsAs = "ERROR";
      JobId id = submit(jobs, 3, Optional.of(Duration.ofSeconds(1)));
      Job job = awaitEnd(jobs, id);
      assertThat(job.state()).isEqualTo(JobState.FAILED);
      assertThat(job.reason().orElseThrow()).contains("longer than its time limit of 1 seconds");
      assertThat(drivers.asked).hasSize(1);
    }
  }

  @Test
  void one_that_was_ended_at_its_time_limit_is_begun_again_if_its_owner_says_so() throws Exception {
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 2, Optional.of(Duration.ofSeconds(1)));
      Job job = awaitEnd(jobs, id);
      assertThat(job.state()).isEqualTo(JobState.FAILED);
      assertThat(job.attempt()).isEqualTo(2);
      assertThat(drivers.killed).containsExactly("driver-1", "driver-2");
    }
  }

  @Test
  void a_driver_that_the_master_forgets_makes_its_job_lost() throws Exception {
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 2);
      awaitDriver(jobs, id, "driver-1");
      // A failover takes as long as it takes.
      drivers.leads = false;
      drivers.known.clear();
      Awaitility.await()
          .during(drivers.patience().multipliedBy(4))
          .atMost(Duration.ofSeconds(60))
          .until(() -> job(jobs, id).state() == JobState.RUNNING);
      drivers.leads = true;
      Job job = awaitEnd(jobs, id);
      assertThat(job.state()).isEqualTo(JobState.LOST);
      assertThat(job.reason())
          .contains("no master knows its driver driver-1 any more, nor how it ended");
    }
  }

  @Test
  void spark_may_start_it_anew_under_another_id() throws Exception {
    drivers.logs.put("driver-1/stdout", bytes("first\n"));
    drivers.logs.put("driver-9/stdout", bytes("second\n"));
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 1);
      awaitDriver(jobs, id, "driver-1");
      String program = drivers.known.get("driver-1").program();
      drivers.become("driver-1", "RELAUNCHING");
      drivers.put("driver-9", "RUNNING", program);
      awaitDriver(jobs, id, "driver-9");
      drivers.become("driver-9", "FINISHED");
      assertThat(awaitEnd(jobs, id).state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(log(jobs, id, LogStream.OUTPUT)).isEqualTo("first\nsecond\n");
      assertThat(log(jobs, id, LogStream.LOG))
          .isEqualTo("driver driver-1 runs on worker-1\ndriver driver-9 runs on worker-1\n");
    }
  }

  @Test
  void who_cancels_it_has_its_driver_ended() throws Exception {
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 3);
      awaitDriver(jobs, id, "driver-1");
      jobs.cancel(job(jobs, id), "somebody");
      Job job = awaitEnd(jobs, id);
      assertThat(job.state()).isEqualTo(JobState.CANCELLED);
      assertThat(drivers.killed).containsExactly("driver-1");
    }
  }

  @Test
  void it_outlives_its_gateway_whose_successor_follows_it() throws Exception {
    drivers.logs.put("driver-1/stdout", bytes("one\n"));
    JobId id;
    try (Jobs jobs = open()) {
      id = submit(jobs, 1);
      Awaitility.await().until(() -> log(jobs, id, LogStream.OUTPUT).equals("one\n"));
    }
    drivers.logs.put("driver-1/stdout", bytes("one\ntwo\n"));
    try (Jobs jobs = open()) {
      assertThat(job(jobs, id).state()).isEqualTo(JobState.RUNNING);
      Awaitility.await().until(() -> log(jobs, id, LogStream.OUTPUT).equals("one\ntwo\n"));
      assertThat(drivers.killed).isEmpty();
      drivers.become("driver-1", "FINISHED");
      assertThat(awaitEnd(jobs, id).state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(drivers.asked).hasSize(1);
    }
  }

  @Test
  void a_log_is_copied_byte_for_byte_where_it_is_text() throws Exception {
    // Three bytes each, so that every piece ends within a character; and then none of UTF-8.
    byte[] text = bytes("\u2713".repeat(200_000));
    byte[] all = new byte[text.length + 3];
    System.arraycopy(text, 0, all, 0, text.length);
    all[text.length] = (byte) 0xC3;
    all[text.length + 1] = (byte) 0x28;
    all[text.length + 2] = '\n';
    drivers.logs.put("driver-1/stderr", all);
    try (Jobs jobs = open()) {
      JobId id = submit(jobs, 1);
      awaitDriver(jobs, id, "driver-1");
      drivers.become("driver-1", "FINISHED");
      awaitEnd(jobs, id);
      assertThat(log(jobs, id, LogStream.LOG))
          .isEqualTo("driver driver-1 runs on worker-1\n" + "\u2713".repeat(200_000) + "?(\n");
    }
  }

  @Test
  void one_that_writes_too_much_is_ended() throws Exception {
    drivers.logs.put("driver-1/stdout", new byte[SMALL * 3]);
    JobLimits usual = JobsFixture.limits(1, 1, 5);
    JobLimits small =
        new JobLimits(
            1,
            1,
            5,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Long.MAX_VALUE,
            Long.MAX_VALUE,
            SMALL,
            usual.keep(),
            Long.MAX_VALUE,
            usual.stopTime());
    try (Jobs jobs = open(small)) {
      Job job = awaitEnd(jobs, submit(jobs, 1));
      assertThat(job.state()).isEqualTo(JobState.FAILED);
      assertThat(drivers.killed).containsExactly("driver-1");
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
