package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.FileTrees;
import io.sparkappliance.storage.S3Objects;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.Gate;
import io.sparkappliance.testing.LogBucket;
import io.sparkappliance.testing.PostgreSql;
import io.sparkappliance.testing.S3MockServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways that share a database and a folder in S3, with programs that are shell scripts. */
class GatewaysWithS3Test {
  private static final String ME = "ann";
  private static final String BUCKET = "jobs";
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Heartbeat.Times QUICK =
      new Heartbeat.Times(Duration.ofMillis(50), Duration.ofSeconds(3));

  @TempDir private static Path servers;
  private static PostgreSql server;
  private static S3MockServer s3;
  private static LogBucket bucket;

  @TempDir private Path directory;
  private Settings.JobsDatabase database;
  private final FakeDrivers drivers = new FakeDrivers();
  private Path sparkHome;
  private String folder;
  private Node a;
  private Node b;

  private static S3Objects objects(URI endpoint, String folder) {
    return S3Objects.of(
        "JOBS_DIR",
        "s3a://" + BUCKET + "/" + folder,
        LogBucket.environment(endpoint),
        Duration.ofSeconds(10));
  }

  /** A gateway that may crash, and its own way to S3. */
  private final class Node implements AutoCloseable {
    private final String name;
    private final Gate gate = new Gate(s3.endpoint());
    private JobStore store;
    private Jobs jobs;
    private boolean crashed;

    Node(String name) throws IOException {
      this.name = name;
      gate.open();
      start();
    }

    void start() throws IOException {
      store =
          JobStore.shared(
              local(),
              directory.resolve(name),
              JobDatabase.shared(database),
              name,
              objects(gate.endpoint(), folder));
      jobs =
          JobsFixture.of(
              store,
              new SqlSessions(sparkHome, "me", new Secret("x")),
              Optional.empty(),
              JobsFixture.runner(sparkHome, Map.of("PATH", "/usr/bin:/bin"), drivers),
              JobsFixture.limits(1, 1, 9),
              QUICK,
              () -> {});
      jobs.start();
      crashed = false;
    }

    Path local() {
      return directory.resolve(name + "-jobs");
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

    String log(JobId id, LogStream stream, long offset) throws IOException {
      return new String(jobs.log(find(id), stream, offset, 1000).bytes(), StandardCharsets.UTF_8);
    }

    void awaitLog(JobId id, LogStream stream, long offset, String text) {
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(log(id, stream, offset)).isEqualTo(text));
    }

    List<Path> jobsHere() throws IOException {
      try (Stream<Path> all = Files.list(local())) {
        return all.filter(it -> JobId.parse(it.getFileName().toString()).isPresent()).toList();
      }
    }

    @Override
    public void close() throws IOException {
      if (!crashed) {
        jobs.close();
      }
      gate.close();
    }
  }

  @BeforeAll
  static void startServers() throws IOException {
    // The SDK's chain looks at it first.
    System.setProperty("aws.region", "eu-central-1");
    server = PostgreSql.start(servers.resolve("data"));
    s3 = S3MockServer.start(BUCKET, servers.resolve("s3"));
    bucket = new LogBucket(s3.endpoint(), BUCKET);
  }

  @AfterAll
  static void stopServers() throws IOException {
    System.clearProperty("aws.region");
    bucket.close();
    s3.close();
    server.close();
  }

  @BeforeEach
  void start(TestInfo test) throws Exception {
    database = server.database();
    sparkHome = FakeSpark.create(directory.resolve("spark"));
    folder = "of/" + test.getTestMethod().orElseThrow().getName();
    a = new Node("a");
    b = new Node("b");
  }

  @AfterEach
  void stop() throws IOException {
    Files.createFile(directory.resolve("over"));
    a.close();
    b.close();
    // Programs of a gateway that crashed still write.
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> ProcessHandle.current().descendants().noneMatch(this::isOfThisTest));
  }

  private boolean isOfThisTest(ProcessHandle process) {
    return process.info().commandLine().orElse("").contains(directory.toString());
  }

  /** A program that tells that it runs, and does until the test is over or something is there. */
  private String waits(String name) {
    return "echo begun; echo why >&2; touch '%s'; until [ -e '%s' ] || [ -e '%s' ]; do sleep 0.05; done; echo ended"
        .formatted(directory.resolve(name), directory.resolve("go"), directory.resolve("over"));
  }

  private void awaitFile(String name) {
    Awaitility.await().atMost(PATIENCE).until(() -> Files.exists(directory.resolve(name)));
  }

  private List<String> names() {
    return bucket.names(folder + "/").stream()
        .map(name -> name.substring(folder.length() + 1))
        .toList();
  }

  @Test
  void each_answers_for_the_jobs_of_the_other() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    b.await(running, JobState.RUNNING);
    assertThat(a.log(running, LogStream.OUTPUT, 0)).isEqualTo("begun\n");
    b.awaitLog(running, LogStream.OUTPUT, 0, "begun\n");
    b.awaitLog(running, LogStream.LOG, 0, "why\n");
    assertThat(b.log(running, LogStream.OUTPUT, 2)).isEqualTo("gun\n");
    assertThat(b.jobs.log(b.find(running), LogStream.OUTPUT, 6, 10))
        .matches(part -> part.bytes().length == 0 && !part.complete());
    try (InputStream input = b.jobs.input(b.find(waiting)).orElseThrow()) {
      assertThat(input).hasContent("echo later");
    }

    Files.createFile(directory.resolve("go"));
    assertThat(b.jobs.await(b.find(waiting), PATIENCE).state()).isEqualTo(JobState.SUCCEEDED);
    for (Node node : List.of(a, b)) {
      assertThat(node.output(running)).isEqualTo("begun\nended\n");
      assertThat(node.output(running)).as("again").isEqualTo("begun\nended\n");
      assertThat(node.jobs.log(node.find(running), LogStream.OUTPUT, 6, 100))
          .matches(
              part ->
                  new String(part.bytes(), StandardCharsets.UTF_8).equals("ended\n")
                      && part.complete());
    }
    Awaitility.await().atMost(PATIENCE).until(() -> a.jobsHere().isEmpty());
    assertThat(a.find(running).outputBytes()).isPositive();

    b.jobs.delete(b.find(running));
    b.jobs.delete(b.find(waiting));
    assertThat(a.jobs.find(Optional.of(ME), running)).isEmpty();
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(names()).containsExactly("shared-by-gateways"));
  }

  @Test
  void each_ends_the_jobs_of_the_other() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    b.jobs.cancel(b.find(waiting), ME);
    b.jobs.cancel(b.find(running), ME);
    assertThat(b.await(running, JobState.CANCELLED).reason()).contains("cancelled by ann");
    assertThat(b.output(running)).isEqualTo("begun\nError: cancelled by ann\n");
    assertThat(b.await(waiting, JobState.CANCELLED).started()).isEmpty();
  }

  @Test
  void what_had_not_begun_is_begun_by_the_other_and_what_ran_is_lost() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = submitWithFiles(a, "cat \"$(dirname \"$0\")\"/attachments/*; echo again");
    awaitFile("runs");
    a.await(running, JobState.RUNNING);
    b.awaitLog(running, LogStream.OUTPUT, 0, "begun\n");
    a.crash();

    Job lost = b.await(running, JobState.LOST);
    assertThat(lost.reason()).contains("interrupted: the gateway of node a is gone");
    assertThat(b.output(running)).startsWith("begun\nError: interrupted").contains("\nwhy\n");
    assertThat(lost.outputBytes()).isPositive();
    assertThat(b.await(waiting, JobState.SUCCEEDED).submission().node()).isEqualTo("b");
    assertThat(b.output(waiting)).isEqualTo("some words\nagain\n");

    a.start();
    assertThat(a.output(waiting)).isEqualTo("some words\nagain\n");
    Awaitility.await().atMost(PATIENCE).until(() -> a.jobsHere().isEmpty());
  }

  @Test
  void what_came_with_a_job_is_read_where_it_was_taken_over_and_waits() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    JobId ofB = b.submit(waits("of-b"));
    awaitFile("runs");
    awaitFile("of-b");
    a.await(running, JobState.RUNNING);
    a.crash();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> b.find(waiting).submission().node().equals("b"));
    assertThat(b.find(waiting).state()).isEqualTo(JobState.QUEUED);
    try (InputStream input = b.jobs.input(b.find(waiting)).orElseThrow()) {
      assertThat(input).hasContent("echo later");
    }
    assertThat(b.log(waiting, LogStream.OUTPUT, 0)).isEmpty();
    Files.createFile(directory.resolve("go"));
    b.await(ofB, JobState.SUCCEEDED);
    b.await(waiting, JobState.SUCCEEDED);
    assertThat(b.output(waiting)).isEqualTo("later\n");
  }

  /** One of the files is empty. */
  private JobId submitWithFiles(Node node, String program) throws IOException {
    Path incoming = node.jobs.incoming();
    Path upload = Files.writeString(incoming.resolve("program"), program);
    Path words = Files.writeString(incoming.resolve("words"), "some words\n");
    Path empty = Files.createFile(incoming.resolve("empty"));
    Attachment first = new Attachment(Attachment.Kind.FILES, "words.txt", "00");
    Attachment second = new Attachment(Attachment.Kind.FILES, "empty.txt", "00");
    ApplicationRequest request =
        new ApplicationRequest(
            ApplicationRequest.Language.PYTHON,
            "program",
            Optional.empty(),
            List.of(),
            List.of(),
            JobEnvironment.NONE,
            List.of(first, second),
            Optional.empty());
    return node.jobs
        .submitApplication(
            ME,
            request,
            new Upload(upload, Map.of(first, words, second, empty)),
            Terms.named("with files"))
        .id();
  }

  @Test
  void the_log_of_a_driver_goes_on_where_the_gateway_that_is_gone_left_it() throws Exception {
    drivers.logs.put("driver-1/stdout", bytes("one\n"));
    JobId id = a.submitToCluster();
    b.awaitLog(id, LogStream.OUTPUT, 0, "one\n");
    String before = b.log(id, LogStream.LOG, 0);
    a.crash();
    // What was written first is not asked for again: its worker may be gone.
    drivers.logs.put("driver-1/stdout", bytes("???\ntwo\n"));

    b.awaitLog(id, LogStream.OUTPUT, 0, "one\ntwo\n");
    drivers.become("driver-1", "FINISHED");
    b.await(id, JobState.SUCCEEDED);
    assertThat(b.output(id)).isEqualTo("one\ntwo\n");
    assertThat(b.log(id, LogStream.LOG, 0)).isEqualTo(before).contains("driver driver-1 runs on");
    Awaitility.await().atMost(PATIENCE).until(() -> b.jobsHere().isEmpty());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void another_attempt_leaves_nothing_of_the_first() throws Exception {
    Path first = directory.resolve("first");
    String program =
        "if mkdir '%s'; then echo a first attempt that is longer; %s; fi; echo second"
            .formatted(first, waits("runs"));
    JobId id = a.submit(program, new Terms("twice", 2, Optional.empty(), Optional.empty()));
    awaitFile("runs");
    b.awaitLog(id, LogStream.OUTPUT, 0, "a first attempt that is longer\nbegun\n");
    a.crash();
    assertThat(b.await(id, JobState.SUCCEEDED).attempt()).isEqualTo(2);
    assertThat(b.output(id)).isEqualTo("second\n");
  }

  @Test
  void who_was_taken_for_dead_spoils_nothing_of_what_the_other_shows() throws Exception {
    Path first = directory.resolve("first");
    String program =
        "if mkdir '%s'; then %s; echo much that comes too late; else echo second; fi"
            .formatted(first, waits("runs"));
    JobId id = a.submit(program, new Terms("twice", 2, Optional.empty(), Optional.empty()));
    awaitFile("runs");
    a.await(id, JobState.RUNNING);
    try (JobDatabase others = JobDatabase.shared(database)) {
      others.update("delete from gateways where node = ?", List.of("a"));
    }
    assertThat(b.await(id, JobState.SUCCEEDED).attempt()).isEqualTo(2);
    Files.createFile(directory.resolve("go"));
    Awaitility.await().atMost(PATIENCE).until(() -> a.jobsHere().isEmpty());
    assertThat(b.output(id)).isEqualTo("second\n");
    assertThat(b.find(id).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void who_is_back_in_time_goes_on_with_its_own() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    a.await(running, JobState.RUNNING);
    b.awaitLog(running, LogStream.OUTPUT, 0, "begun\n");
    a.crash();
    a.start();
    Files.createFile(directory.resolve("go"));
    assertThat(b.await(running, JobState.SUCCEEDED).submission().node()).isEqualTo("a");
    assertThat(b.output(running)).isEqualTo("begun\nended\n");
    assertThat(b.await(waiting, JobState.SUCCEEDED).submission().node()).isEqualTo("a");
    assertThat(b.output(waiting)).isEqualTo("later\n");
  }

  @Test
  void while_s3_is_away_no_job_is_taken_and_nothing_of_it_is_left() throws Exception {
    a.gate.shut();
    assertThatThrownBy(() -> a.submit("echo no"))
        .isInstanceOf(UnreachableFilesException.class)
        .hasMessageContaining("S3 failed (503)")
        .hasMessageNotContaining("s3cret");
    assertThat(a.jobs.counts()).isEqualTo(new JobCounts(0, 0));
    assertThat(a.jobsHere()).isEmpty();
    assertThat(names()).containsExactly("shared-by-gateways");
    a.gate.open();
    JobId id = a.submit("echo yes");
    a.await(id, JobState.SUCCEEDED);
    assertThat(a.output(id)).isEqualTo("yes\n");
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(names())
                    .allMatch(it -> it.startsWith(id.value()) || it.equals("shared-by-gateways")));
  }

  @Test
  void a_job_ends_right_although_s3_is_away_then_and_no_other_begins_meanwhile() throws Exception {
    JobId running = a.submit(waits("runs"));
    JobId waiting = a.submit("echo later");
    awaitFile("runs");
    a.await(running, JobState.RUNNING);
    a.gate.shut();
    int refused = a.gate.refused();
    Files.createFile(directory.resolve("go"));
    Awaitility.await().atMost(PATIENCE).until(() -> a.gate.refused() > refused + 6);
    assertThat(b.find(running).state()).isEqualTo(JobState.RUNNING);
    assertThat(b.find(waiting).state()).isEqualTo(JobState.QUEUED);
    assertThat(a.log(running, LogStream.OUTPUT, 0)).isEqualTo("begun\nended\n");
    a.gate.open();
    b.await(running, JobState.SUCCEEDED);
    assertThat(b.output(running)).isEqualTo("begun\nended\n");
    b.await(waiting, JobState.SUCCEEDED);
    assertThat(b.output(waiting)).isEqualTo("later\n");
  }

  @Test
  void what_a_gateway_did_not_finish_to_take_is_removed_when_it_is_gone() throws Exception {
    JobId known = a.submit("echo known");
    a.await(known, JobState.SUCCEEDED);
    JobId unknown = JobId.random();
    String gateway = a.store.gateways().id();
    try (S3Objects objects = objects(s3.endpoint(), folder)) {
      for (JobId id : List.of(known, unknown)) {
        new IncomingMarks(objects, gateway).add(id);
      }
      objects.put(unknown + "/program.py/00000000000000000000", new byte[1]);
    }
    a.crash();
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(names())
                    .isNotEmpty()
                    .allMatch(
                        it -> it.startsWith(known.value()) || it.equals("shared-by-gateways")));
    assertThat(b.output(known)).isEqualTo("known\n");
  }

  @Test
  void what_is_old_goes_from_s3_as_well() throws Exception {
    JobId id = a.submit("echo old");
    a.await(id, JobState.SUCCEEDED);
    assertThat(names()).anyMatch(name -> name.startsWith(id.value()));
    try (Retention retention =
        new Retention(b.store.files(), b.store.records(), JobsFixture.limits(1, 1, 1))) {
      assertThat(retention.removeOld(Instant.now().plusSeconds(1))).isOne();
    }
    assertThat(names()).noneMatch(name -> name.startsWith(id.value()));
    assertThat(a.jobs.find(Optional.of(ME), id)).isEmpty();
  }

  @Test
  void another_folder_is_refused() {
    assertThatThrownBy(
            () ->
                JobStore.shared(
                    directory.resolve("c-jobs"),
                    directory.resolve("c"),
                    JobDatabase.shared(database),
                    "c",
                    objects(s3.endpoint(), "elsewhere")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("JOBS_DIR=s3a://jobs/elsewhere")
        .hasMessageContaining("is not the folder that the other gateways of JOBS_DATABASE use");
  }

  @Test
  void a_single_gateway_has_its_records_here_and_reads_the_rest_from_s3() throws Exception {
    Path root = directory.resolve("alone");
    JobId id;
    try (Jobs jobs = alone(root)) {
      Path upload = Files.writeString(jobs.incoming().resolve("upload"), "echo alone");
      ApplicationRequest request = ApplicationRequest.parse("program.py", "", "", "");
      Job job = jobs.submitApplication(ME, request, Upload.of(upload), Terms.named("program"));
      id = job.id();
      assertThat(jobs.await(job, PATIENCE).state()).isEqualTo(JobState.SUCCEEDED);
    }
    assertThat(root.resolve(id.value())).doesNotExist();
    try (Jobs jobs = alone(root)) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      jobs.writeOutput(jobs.find(Optional.of(ME), id).orElseThrow(), OutputFormat.TEXT, out);
      assertThat(out).hasToString("alone\n");
    }
  }

  @Test
  void a_good_end_outlives_a_gateway_that_stops_while_s3_is_away() throws Exception {
    Path root = directory.resolve("alone");
    JobId id;
    try (Gate gate = new Gate(s3.endpoint())) {
      gate.open();
      try (Jobs jobs = alone(root, gate.endpoint())) {
        Path upload = Files.writeString(jobs.incoming().resolve("upload"), waits("runs"));
        ApplicationRequest request = ApplicationRequest.parse("program.py", "", "", "");
        Terms twice = new Terms("program", 2, Optional.empty(), Optional.empty());
        id = jobs.submitApplication(ME, request, Upload.of(upload), twice).id();
        awaitFile("runs");
        gate.shut();
        int refused = gate.refused();
        Files.createFile(directory.resolve("go"));
        Awaitility.await().atMost(PATIENCE).until(() -> gate.refused() > refused + 3);
        Awaitility.await()
            .atMost(PATIENCE)
            .until(() -> Files.exists(root.resolve("ends").resolve(id.value())));
      }
    }
    try (Jobs jobs = alone(root)) {
      Job job =
          Awaitility.await()
              .atMost(PATIENCE)
              .until(
                  () -> jobs.find(Optional.of(ME), id).orElseThrow(), it -> it.state().isFinal());
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(job.attempt()).isEqualTo(1);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      jobs.writeOutput(job, OutputFormat.TEXT, out);
      assertThat(out).hasToString("begun\nended\n");
    }
    assertThat(root.resolve(id.value())).doesNotExist();
    assertThat(root.resolve("ends").resolve(id.value())).doesNotExist();
  }

  @Test
  void an_output_that_can_not_be_read_here_fails_its_job_and_keeps_no_other_from_beginning()
      throws Exception {
    JobId broken = a.submit(waits("runs"));
    JobId next = a.submit("echo next");
    awaitFile("runs");
    a.await(broken, JobState.RUNNING);
    Path output = a.local().resolve(broken.value()).resolve("output.txt");
    Files.delete(output);
    Files.createDirectory(output);
    Files.createFile(output.resolve("something"));
    Files.createFile(directory.resolve("go"));
    Job job = a.await(broken, JobState.FAILED);
    assertThat(job.reason().orElseThrow())
        .contains("not all that it has left behind could be kept")
        .contains("output.txt");
    a.await(next, JobState.SUCCEEDED);
    assertThat(b.output(next)).isEqualTo("next\n");
  }

  @Test
  void a_driver_that_is_taken_over_can_be_ended_while_s3_is_away() throws Exception {
    JobId id = a.submitToCluster();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> a.find(id).driver().flatMap(JobDriver::id).isPresent());
    b.gate.shut();
    a.crash();
    Awaitility.await().atMost(PATIENCE).until(() -> b.find(id).submission().node().equals("b"));
    b.jobs.cancel(b.find(id), "somebody");
    Awaitility.await().atMost(PATIENCE).until(() -> drivers.killed.contains("driver-1"));
    assertThat(b.find(id).state()).isEqualTo(JobState.RUNNING);
    b.gate.open();
    b.await(id, JobState.CANCELLED);
  }

  @Test
  @Tag("long")
  void a_driver_that_is_taken_over_is_not_lost_while_nothing_can_be_written_here()
      throws Exception {
    JobId id = a.submitToCluster();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> a.find(id).driver().flatMap(JobDriver::id).isPresent());
    Path inTheWay = b.local().resolve(id.value()).resolve(".request.json.part");
    Files.createDirectories(inTheWay.resolve("not empty"));
    a.crash();
    Awaitility.await().atMost(PATIENCE).until(() -> b.find(id).submission().node().equals("b"));
    // Tried again every second.
    Awaitility.await()
        .during(Duration.ofSeconds(3))
        .atMost(PATIENCE)
        .until(() -> b.find(id).state() == JobState.RUNNING);
    FileTrees.delete(inTheWay);
    drivers.logs.put("driver-1/stdout", bytes("one\n"));
    drivers.become("driver-1", "FINISHED");
    b.await(id, JobState.SUCCEEDED);
    assertThat(b.output(id)).isEqualTo("one\n");
  }

  @Test
  @Tag("long")
  void parts_that_two_gateways_have_written_become_those_of_the_one_that_has_the_job()
      throws Exception {
    drivers.logs.put("driver-1/stdout", bytes("one\n"));
    JobId id = a.submitToCluster();
    b.awaitLog(id, LogStream.OUTPUT, 0, "one\n");
    a.crash();
    Awaitility.await().atMost(PATIENCE).until(() -> b.find(id).submission().node().equals("b"));
    // What was under way when the other one was cut off arrives at any time.
    try (S3Objects objects = objects(s3.endpoint(), folder)) {
      String part = id + "/attempt-1/output.txt/%020d";
      objects.put(part.formatted(2), bytes("of another"));
      drivers.logs.put("driver-1/stdout", bytes("one\ntwo\n"));
      drivers.become("driver-1", "FINISHED");
      b.await(id, JobState.SUCCEEDED);
      assertThat(objects.list(id + "/attempt-1/output.txt"))
          .extracting(S3Objects.Entry::name)
          .containsExactly(part.formatted(0));
    }
    assertThat(b.output(id)).isEqualTo("one\ntwo\n");
  }

  private Jobs alone(Path root) throws IOException {
    return alone(root, s3.endpoint());
  }

  private Jobs alone(Path root, URI endpoint) throws IOException {
    Jobs jobs =
        JobsFixture.of(
            JobStore.embedded(root, "alone", objects(endpoint, folder)),
            new SqlSessions(sparkHome, "me", new Secret("x")),
            Optional.empty(),
            JobsFixture.runner(sparkHome, Map.of("PATH", "/usr/bin:/bin")),
            JobsFixture.limits(1, 1, 9),
            QUICK,
            () -> {});
    jobs.start();
    return jobs;
  }

  @Test
  void what_s3_refuses_for_good_is_a_mistake_of_the_settings() {
    try (S3Objects missing =
        S3Objects.of(
            "JOBS_DIR",
            "s3a://no-such-bucket/jobs",
            LogBucket.environment(s3.endpoint()),
            Duration.ofSeconds(10))) {
      assertThatThrownBy(() -> new SharedFolder.InS3(missing).check())
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("JOBS_DIR=s3a://no-such-bucket/jobs: there is no bucket")
          .hasMessageNotContaining("s3cret");
    }
  }

  @Test
  void what_this_gateway_may_do_is_tried_without_leaving_anything() throws Exception {
    Set<String> before = Set.copyOf(names());
    try (S3Objects objects = objects(s3.endpoint(), folder)) {
      new SharedFolder.InS3(objects).check();
    }
    assertThat(Set.copyOf(names())).isEqualTo(before);
    a.gate.shut();
    try (S3Objects objects = objects(a.gate.endpoint(), folder)) {
      assertThatThrownBy(() -> new SharedFolder.InS3(objects).check())
          .isInstanceOf(UnreachableFilesException.class)
          .hasCauseInstanceOf(FetchFailure.class);
    }
  }
}
