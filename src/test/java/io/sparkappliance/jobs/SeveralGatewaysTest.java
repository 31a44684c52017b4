package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.PostgreSql;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways that share a database and a folder, with programs that are shell scripts. */
class SeveralGatewaysTest {
  private static final String ME = "ann";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Heartbeat.Times QUICK =
      new Heartbeat.Times(Duration.ofMillis(50), Duration.ofSeconds(2));

  /** Longer than a pool of connections pauses before it tries again. */
  private static final Heartbeat.Times PATIENT =
      new Heartbeat.Times(Duration.ofMillis(50), Duration.ofSeconds(20));

  @TempDir private static Path servers;
  private static PostgreSql server;

  @TempDir private Path directory;
  private final FakeDrivers drivers = new FakeDrivers();
  private Settings.JobsDatabase database;
  private Path sparkHome;
  private Path root;
  private Node a;
  private Node b;

  /** A gateway that may crash. */
  private final class Node implements AutoCloseable {
    private final String name;
    private final int applications;
    private final Heartbeat.Times times;
    private final AtomicBoolean gaveUp = new AtomicBoolean();
    private Jobs jobs;
    private boolean crashed;

    Node(String name, int applications) throws IOException {
      this(name, applications, QUICK);
    }

    Node(String name, int applications, Heartbeat.Times times) throws IOException {
      this.name = name;
      this.applications = applications;
      this.times = times;
      start();
    }

    void start() throws IOException {
      jobs =
          JobsFixture.of(
              JobStore.shared(root, directory.resolve(name), JobDatabase.shared(database), name),
              new SqlSessions(sparkHome, "me", new Secret("x")),
              Optional.empty(),
              JobsFixture.runner(sparkHome, Map.of("PATH", "/usr/bin:/bin"), drivers),
              JobsFixture.limits(1, applications, 9),
              times,
              () -> gaveUp.set(true));
      jobs.start();
      crashed = false;
    }

    void crash() {
      jobs.abandon();
      crashed = true;
    }

    JobId submit(String program) throws IOException {
      return submit(program, Terms.named("program"));
    }

    JobId submit(String program, Terms terms) throws IOException {
      Path upload = Files.createTempFile(jobs.incoming(), "upload", "");
      Files.writeString(upload, program);
      ApplicationRequest request = ApplicationRequest.parse("program.py", "", "", "");
      return jobs.submitApplication(ME, request, Upload.of(upload), terms).id();
    }

    JobId submitToCluster() throws IOException {
      Path upload = Files.createTempFile(jobs.incoming(), "upload", "");
      return jobs.submitApplication(
              ME, JobsFixture.inCluster(), Upload.of(upload), Terms.named("program"))
          .id();
    }

    Job find(JobId id) throws IOException {
      return jobs.find(Optional.of(ME), id).orElseThrow();
    }

    Job await(JobId id, JobState state) {
      return Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> find(id), job -> job.state() == state);
    }

    String output(JobId id) throws IOException {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      jobs.writeOutput(find(id), OutputFormat.TEXT, out);
      return out.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
      if (!crashed) {
        jobs.close();
      }
    }
  }

  @BeforeAll
  static void startServer() throws IOException {
    server = PostgreSql.start(servers.resolve("data"));
  }

  @AfterAll
  static void stopServer() throws IOException {
    server.close();
  }

  @BeforeEach
  void start() throws Exception {
    database = server.database();
    sparkHome = FakeSpark.create(directory.resolve("spark"));
    root = directory.resolve("jobs");
    a = new Node("a", 1);
    b = new Node("b", 1);
  }

  @AfterEach
  void stop() throws IOException {
    Files.createFile(directory.resolve("over"));
    a.close();
    b.close();
    // Programs of a gateway that crashed still write to the folder.
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> ProcessHandle.current().descendants().noneMatch(this::isOfThisTest));
  }

  private boolean isOfThisTest(ProcessHandle process) {
    return process.info().commandLine().orElse("").contains(directory.toString());
  }

  /** A program that tells that it runs, and does until the test is over or something is there. */
  private String waits(String name) {
    return "echo begun; touch '%s'; until [ -e '%s' ] || [ -e '%s' ]; do sleep 0.05; done; echo ended"
        .formatted(directory.resolve(name), directory.resolve("go"), directory.resolve("over"));
  }

  private void awaitFile(String name) {
    Awaitility.await().atMost(PATIENCE).until(() -> Files.exists(directory.resolve(name)));
  }

  @Test
  void a_driver_on_a_worker_is_followed_on_by_another_gateway() throws Exception {
    drivers.logs.put("driver-1/stdout", "one\n".getBytes(StandardCharsets.UTF_8));
    JobId id = a.submitToCluster();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> new String(log(b, id), StandardCharsets.UTF_8).equals("one\n"));
    a.crash();
    drivers.logs.put("driver-1/stdout", "one\ntwo\n".getBytes(StandardCharsets.UTF_8));
    Awaitility.await().atMost(PATIENCE).until(() -> b.find(id).submission().node().equals("b"));
    assertThat(b.find(id).state()).isEqualTo(JobState.RUNNING);
    drivers.become("driver-1", "FINISHED");
    assertThat(b.await(id, JobState.SUCCEEDED).attempt()).isEqualTo(1);
    assertThat(b.output(id)).isEqualTo("one\ntwo\n");
    assertThat(drivers.asked).hasSize(1);
  }

  @Test
  void a_driver_on_a_worker_is_ended_by_whom_another_gateway_tells_to() throws Exception {
    JobId id = a.submitToCluster();
    b.await(id, JobState.RUNNING);
    b.jobs.cancel(b.find(id), ME);
    b.await(id, JobState.CANCELLED);
    assertThat(drivers.killed).containsExactly("driver-1");
  }

  private static byte[] log(Node node, JobId id) throws IOException {
    return node.jobs.log(node.find(id), LogStream.OUTPUT, 0, 1 << 10).bytes();
  }

  @Test
  void each_answers_for_the_jobs_of_the_other() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    Job seen = b.await(running, JobState.RUNNING);
    assertThat(seen.submission().node()).isEqualTo("a");
    assertThat(b.find(waiting).state()).isEqualTo(JobState.QUEUED);
    assertThat(b.jobs.counts()).isEqualTo(new JobCounts(1, 1));
    assertThat(
            b.jobs
                .list(
                    new JobQuery(
                        Optional.of(ME),
                        Set.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        10))
                .jobs())
        .extracting(Job::id)
        .containsExactly(waiting, running);
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(b.jobs.log(seen, LogStream.OUTPUT, 0, 100).bytes())
                    .asString(StandardCharsets.UTF_8)
                    .isEqualTo("begun\n"));
    assertThatThrownBy(() -> b.jobs.delete(b.find(running))).isInstanceOf(ConflictException.class);

    Files.createFile(directory.resolve("go"));
    assertThat(b.jobs.await(b.find(waiting), PATIENCE).state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(b.output(running)).isEqualTo("begun\nended\n");
    b.jobs.delete(b.find(running));
    assertThat(a.jobs.find(Optional.of(ME), running)).isEmpty();
  }

  @Test
  void each_ends_the_jobs_of_the_other() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    assertThat(b.jobs.cancel(b.find(waiting), ME).cancelledBy()).contains(ME);
    assertThat(b.jobs.cancel(b.find(running), ME).cancelledBy()).contains(ME);
    assertThat(b.await(running, JobState.CANCELLED).reason()).contains("cancelled by ann");
    assertThat(b.await(waiting, JobState.CANCELLED).started()).isEmpty();
    assertThatThrownBy(() -> b.jobs.cancel(b.find(running), ME))
        .isInstanceOf(ConflictException.class);
  }

  @Test
  void the_same_key_is_one_job_wherever_it_is_sent() throws Exception {
    Terms terms = new Terms("program", 1, Optional.empty(), Optional.of("once"));
    JobId first = a.submit("echo one", terms);
    assertThat(b.submit("echo one", terms)).isEqualTo(first);
    assertThatThrownBy(() -> b.submit("echo two", terms)).isInstanceOf(ConflictException.class);
  }

  @Test
  void what_had_not_begun_is_begun_by_the_other_and_what_ran_is_lost() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId again = a.submit("echo again", new Terms("again", 2, Optional.empty(), Optional.empty()));
    JobId unwanted = a.submit("echo unwanted");
    awaitFile("runs");
    a.await(running, JobState.RUNNING);
    a.crash();
    b.jobs.cancel(b.find(unwanted), ME);

    Job lost = b.await(running, JobState.LOST);
    assertThat(lost.reason()).contains("interrupted: the gateway of node a is gone");
    assertThat(lost.submission().node()).isEqualTo("a");
    Job taken = b.await(again, JobState.SUCCEEDED);
    assertThat(taken.submission().node()).isEqualTo("b");
    assertThat(taken.attempt()).isEqualTo(1);
    assertThat(b.output(again)).isEqualTo("again\n");
    assertThat(b.await(unwanted, JobState.CANCELLED).started()).isEmpty();
  }

  @Test
  void a_program_that_ended_while_its_gateway_was_gone_has_its_own_end() throws Exception {
    JobId id = a.submit(waits("runs"));
    awaitFile("runs");
    a.await(id, JobState.RUNNING);
    a.crash();
    Files.createFile(directory.resolve("go"));
    assertThat(b.await(id, JobState.SUCCEEDED).error()).isEmpty();
    assertThat(b.output(id)).isEqualTo("begun\nended\n");
  }

  @Test
  void who_is_back_in_time_goes_on_with_its_own() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    a.await(running, JobState.RUNNING);
    a.crash();
    a.start();
    Files.createFile(directory.resolve("go"));
    assertThat(b.await(running, JobState.SUCCEEDED).submission().node()).isEqualTo("a");
    assertThat(b.await(waiting, JobState.SUCCEEDED).submission().node()).isEqualTo("a");
  }

  @Test
  void who_is_back_too_late_ends_what_is_no_longer_its_own() throws Exception {
    JobId id = a.submit(waits("runs"));
    awaitFile("runs");
    a.await(id, JobState.RUNNING);
    ProcessHandle process =
        JobFiles.at(root, directory.resolve("a")).process(id).orElseThrow().find().orElseThrow();
    a.crash();
    b.await(id, JobState.LOST);
    assertThat(process.isAlive()).isTrue();
    a.start();
    Awaitility.await().atMost(PATIENCE).until(() -> !process.isAlive());
    assertThat(a.find(id).state()).isEqualTo(JobState.LOST);
  }

  @Test
  void who_was_taken_for_dead_gives_up_and_changes_nothing() throws Exception {
    JobId id = a.submit(waits("runs"));
    awaitFile("runs");
    a.await(id, JobState.RUNNING);
    try (JobDatabase others = JobDatabase.shared(database)) {
      others.update("delete from gateways where node = ?", List.of("a"));
    }
    b.await(id, JobState.LOST);
    Awaitility.await().atMost(PATIENCE).until(a.gaveUp::get);
    a.close();
    a.crashed = true;
    assertThat(b.find(id).state()).isEqualTo(JobState.LOST);
  }

  @Test
  void who_ends_in_order_leaves_what_waits_to_the_other_at_once() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    a.await(running, JobState.RUNNING);
    a.jobs.close();
    a.crashed = true;
    assertThat(b.find(running).reason()).contains("interrupted: the gateway was stopped");
    assertThat(b.await(waiting, JobState.SUCCEEDED).submission().node()).isEqualTo("b");
  }

  @Test
  void a_database_that_is_away_for_a_while_costs_no_job() throws Exception {
    a.close();
    b.close();
    a = new Node("a", 1, PATIENT);
    b = new Node("b", 1, PATIENT);
    JobId running = a.submit(waits("runs"));
    awaitFile("runs");
    JobId waiting = a.submit("echo later");
    a.await(running, JobState.RUNNING);
    server.stop();
    try {
      assertThatThrownBy(() -> a.submit("echo refused"))
          .isInstanceOf(UnreachableRecordsException.class);
      Files.createFile(directory.resolve("go"));
    } finally {
      server.startAgain();
    }
    assertThat(b.await(running, JobState.SUCCEEDED).submission().node()).isEqualTo("a");
    assertThat(b.await(waiting, JobState.SUCCEEDED).submission().node()).isEqualTo("a");
    assertThat(a.gaveUp).isFalse();
    assertThat(b.await(a.submit("echo more"), JobState.SUCCEEDED).error()).isEmpty();
  }

  @Test
  void a_job_with_attempts_left_is_begun_again_although_the_database_is_away_at_the_stop()
      throws Exception {
    a.close();
    b.close();
    b.crashed = true;
    a = new Node("a", 1, PATIENT);
    JobId id = a.submit(waits("runs"), new Terms("twice", 2, Optional.empty(), Optional.empty()));
    awaitFile("runs");
    a.await(id, JobState.RUNNING);
    server.stop();
    try {
      a.jobs.close();
    } finally {
      server.startAgain();
    }
    Files.createFile(directory.resolve("go"));
    a.start();
    assertThat(a.await(id, JobState.SUCCEEDED).attempt()).isEqualTo(2);
  }

  @Test
  void a_job_is_gone_on_with_although_the_answer_was_lost_that_it_was_claimed() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    a.await(running, JobState.RUNNING);
    a.crash();
    try (JobDatabase others = JobDatabase.shared(database)) {
      others.update(
          "update jobs set holder = (select id from gateways where node = 'b') where id = ?",
          List.of(waiting.value()));
    }
    assertThat(b.await(waiting, JobState.SUCCEEDED).submission().node()).isEqualTo("b");
  }

  @Test
  void a_folder_that_is_not_shared_is_refused() {
    assertThatThrownBy(
            () ->
                JobStore.shared(
                    directory.resolve("elsewhere"),
                    directory.resolve("c"),
                    JobDatabase.shared(database),
                    "c"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("JOBS_DIR")
        .hasMessageContaining("is not the folder that the other gateways of JOBS_DATABASE use");
    assertThatThrownBy(
            () ->
                JobStore.shared(
                    root, directory.resolve("a"), JobDatabase.shared(database), "a again"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another gateway uses");
  }
}
