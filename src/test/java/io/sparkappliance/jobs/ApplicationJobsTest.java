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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Applications as processes: their life, their end, and what a restart finds. */
class ApplicationJobsTest {
  private static final String ME = Jobs.LOCAL_OWNER;

  @TempDir private Path directory;
  private Path sparkHome;
  private Path root;

  @BeforeEach
  void prepare() throws IOException {
    sparkHome = FakeSpark.create(directory.resolve("spark"));
    root = directory.resolve("jobs");
  }

  private Jobs open(int applications, int waiting) throws IOException {
    return JobsFixture.open(
        root,
        sparkHome,
        Map.of("PATH", "/usr/bin:/bin", "GREETING", "hello"),
        JobsFixture.limits(1, applications, waiting));
  }

  private static JobId submit(Jobs jobs, String program, String arguments) throws IOException {
    return submit(jobs, "program.py", program, arguments);
  }

  private static JobId submit(Jobs jobs, String name, String program, String arguments)
      throws IOException {
    Path upload = Files.createTempFile(jobs.incoming(), "upload", "");
    Files.writeString(upload, program);
    ApplicationRequest request = ApplicationRequest.parse(name, "", arguments, "");
    return jobs.submitApplication(ME, request, Upload.of(upload), Terms.named("program")).id();
  }

  private static Job awaitEnd(Jobs jobs, JobId id) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> jobs.find(Optional.of(ME), id).orElseThrow(), job -> job.state().isFinal());
  }

  private static void awaitFile(Path file) {
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(file));
  }

  private static String output(Jobs jobs, Job job) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    jobs.writeOutput(job, OutputFormat.TEXT, out);
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void output_is_what_the_program_prints_and_its_log_is_kept_beside_it() throws Exception {
    try (Jobs jobs = open(1, 1)) {
      JobId id = submit(jobs, "echo \"$GREETING $1\"; echo noise >&2", "'two words'");
      Job job = awaitEnd(jobs, id);
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(output(jobs, job)).isEqualTo("hello two words\n");
      assertThat(output(jobs, job)).isEqualTo("hello two words\n");
      assertThat(root.resolve(id.value()).resolve("driver.log")).hasContent("noise");
    }
  }

  private static String submitR(Jobs jobs, String program, String arguments) throws IOException {
    return output(jobs, awaitEnd(jobs, submit(jobs, "program.R", program, arguments)));
  }

  @Test
  void a_program_in_r_gets_its_arguments_and_the_python_of_its_driver_and_its_status_counts()
      throws Exception {
    Path fakeR = Files.createDirectories(directory.resolve("r")).resolve("Rscript");
    Files.writeString(
        fakeR,
        """
        #!/bin/sh
        echo "$1 $("$RETICULATE_PYTHON" -c 'print(6 * 7)') $R_ENVIRON_USER"
        shift
        exec /bin/sh "$@"
        """);
    assertThat(fakeR.toFile().setExecutable(true)).isTrue();
    try (Jobs jobs =
        JobsFixture.open(
            root,
            sparkHome,
            Map.of("PATH", fakeR.getParent() + ":/usr/bin:/bin"),
            JobsFixture.limits(1, 1, 1))) {
      String program = "echo \"<$1><$2>\"; exit $3";
      assertThat(submitR(jobs, program, "-e 'two words' 0"))
          .isEqualTo("--no-init-file 42 /dev/null\n<-e><two words>\n");
      assertThat(submitR(jobs, program, "a b 3")).contains("spark-submit ended with exit code 3");
      Files.delete(fakeR);
      assertThatThrownBy(() -> submitR(jobs, program, ""))
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageContaining("the full image");
    }
  }

  @Test
  void a_failed_program_leaves_its_output_its_exit_code_and_the_end_of_its_log() throws Exception {
    try (Jobs jobs = open(1, 1)) {
      Job job = awaitEnd(jobs, submit(jobs, "printf 'so far'; echo why >&2; exit 3", ""));
      assertThat(job.state()).isEqualTo(JobState.FAILED);
      assertThat(output(jobs, job))
          .isEqualTo(
              "so far\nError: spark-submit ended with exit code 3\nLast lines of the driver's log:\nwhy\n");
    }
  }

  @Test
  void a_program_sees_nothing_of_this_process() throws Exception {
    try (Jobs jobs = open(1, 1)) {
      Job job = awaitEnd(jobs, submit(jobs, "cat; env | sed 's/=.*//' | sort | tr '\\n' ' '", ""));
      assertThat(output(jobs, job).strip().split(" ", -1))
          // Which of these a shell sets by itself depends on the shell.
          .isSubsetOf("GREETING", "PATH", "SPARK_APPLIANCE_NOTE", "PWD", "OLDPWD", "_", "SHLVL")
          .contains("GREETING", "PATH");
    }
  }

  @Test
  void a_driver_tells_which_application_of_the_cluster_it_is() throws Exception {
    try (Jobs jobs = open(1, 1)) {
      Path go = directory.resolve("go");
      String tells =
          """
          printf 'id=%s\\nui=http\\\\://10.0.0.1\\:4040\\n' > "$SPARK_APPLIANCE_NOTE.new"
          mv "$SPARK_APPLIANCE_NOTE.new" "$SPARK_APPLIANCE_NOTE"
          """;
      JobId id =
          submit(
              jobs, tells.formatted("app-1") + "until [ -e '" + go + "' ]; do sleep 0.1; done", "");
      SparkApplication told =
          Awaitility.await()
              .until(
                  () -> jobs.find(Optional.of(ME), id).flatMap(Job::sparkApplication),
                  Optional::isPresent)
              .orElseThrow();
      assertThat(told)
          .isEqualTo(new SparkApplication("app-1", Optional.of("http://10.0.0.1:4040")));
      // In the list, too, and for whoever comes after this process.
      assertThat(jobs.list(waiting()).jobs().getFirst().sparkApplication()).contains(told);
      Files.createFile(go);
      assertThat(awaitEnd(jobs, id).sparkApplication())
          .contains(new SparkApplication("app-1", Optional.empty()));
      assertThat(awaitEnd(jobs, submit(jobs, tells.formatted("app-2"), "")).sparkApplication())
          .contains(new SparkApplication("app-2", Optional.empty()));
      assertThat(awaitEnd(jobs, submit(jobs, tells.formatted("<a href>"), "")).sparkApplication())
          .isEmpty();
    }
  }

  @Test
  void so_many_run_at_once_and_so_many_wait() throws Exception {
    try (Jobs jobs = open(1, 1)) {
      Path go = directory.resolve("go");
      String waits = "until [ -e '" + go + "' ]; do :; done; echo done";
      JobId first = submit(jobs, waits, "");
      JobId second = submit(jobs, "echo second", "");
      assertThatThrownBy(() -> submit(jobs, "echo third", ""))
          .isInstanceOf(UnavailableException.class)
          .hasMessageContaining("too many jobs wait");
      assertThat(jobs.find(Optional.of(ME), second).orElseThrow().state())
          .isEqualTo(JobState.QUEUED);
      Files.createFile(go);
      assertThat(awaitEnd(jobs, first).state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(awaitEnd(jobs, second).state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(jobs.list(waiting()).jobs()).isEmpty();
      assertThat(awaitEnd(jobs, submit(jobs, "echo fourth", "")).state())
          .isEqualTo(JobState.SUCCEEDED);
    }
  }

  @Test
  void somebody_elses_job_is_not_found() throws Exception {
    try (Jobs jobs = open(1, 1)) {
      JobId id = submit(jobs, "echo mine", "");
      assertThat(jobs.find(Optional.of("somebody else"), id)).isEmpty();
      awaitEnd(jobs, id);
      assertThat(jobs.find(Optional.of("somebody else"), id)).isEmpty();
    }
  }

  @Test
  void closing_ends_the_whole_tree_of_processes() throws Exception {
    Path pids = directory.resolve("pids");
    JobId id;
    JobId waiting;
    try (Jobs jobs = open(1, 1)) {
      id =
          submit(
              jobs,
              "trap '' TERM; sleep 600 & echo $$ $! > '%s.new'; mv '%s.new' '%s'; wait; wait"
                  .formatted(pids, pids, pids),
              "");
      waiting = submit(jobs, "echo later", "");
      awaitFile(pids);
    }
    for (String pid : Files.readString(pids).strip().split(" ", -1)) {
      assertThat(ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive)).isEmpty();
    }
    try (Jobs jobs = open(1, 1)) {
      Job job = jobs.find(Optional.of(ME), id).orElseThrow();
      assertThat(job.state()).isEqualTo(JobState.FAILED);
      assertThat(job.reason()).contains("interrupted: the gateway was stopped");
      assertThat(output(jobs, awaitEnd(jobs, waiting))).isEqualTo("later\n");
    }
  }

  /** What a killed gateway leaves: a record, and a process that nobody watches. */
  private Process orphan(JobId id, String program) throws IOException {
    JobFiles files = JobFiles.open(root);
    ApplicationRequest request = ApplicationRequest.parse("x.py", "", "", "");
    Path upload = Files.createTempFile(files.incoming(), "upload", "");
    files.create(id, request, Upload.of(Files.writeString(upload, program)));
    ApplicationRunner runner = JobsFixture.runner(sparkHome, Map.of("PATH", "/usr/bin:/bin"));
    Process process = runner.start(files.directory(id), request);
    files.addProcess(id, ProcessIdentity.of(process.toHandle()).orElseThrow());
    write(running(id, JobKind.APPLICATION));
    return process;
  }

  private static Job running(JobId id, JobKind kind) {
    return JobsFixture.accepted(id, kind, ME).running(Instant.now());
  }

  private void write(Job job) throws IOException {
    JobsFixture.write(root, job);
  }

  @Test
  void an_application_that_outlived_the_gateway_is_watched_to_its_end() throws Exception {
    JobId id = JobId.random();
    Path go = directory.resolve("go");
    Process process = orphan(id, "until [ -e '" + go + "' ]; do :; done; echo done");
    ApplicationRunner.proceed(process);
    try (Jobs jobs = open(1, 1)) {
      assertThat(jobs.find(Optional.of(ME), id).orElseThrow().state()).isEqualTo(JobState.RUNNING);
      Files.createFile(go);
      Job job = awaitEnd(jobs, id);
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(output(jobs, job)).isEqualTo("done\n");
    }
  }

  @Test
  void an_application_that_ended_while_nobody_watched_has_its_exit_code() throws Exception {
    JobId good = JobId.random();
    JobId bad = JobId.random();
    for (Map.Entry<JobId, String> entry :
        Map.of(good, "echo fine", bad, "echo half; exit 7").entrySet()) {
      Process process = orphan(entry.getKey(), entry.getValue());
      ApplicationRunner.proceed(process);
      process.waitFor();
    }
    try (Jobs jobs = open(1, 1)) {
      assertThat(jobs.find(Optional.of(ME), good).orElseThrow().state())
          .isEqualTo(JobState.SUCCEEDED);
      assertThat(jobs.find(Optional.of(ME), bad).orElseThrow().reason())
          .contains("spark-submit ended with exit code 7");
    }
  }

  @Test
  void an_application_that_was_killed_with_the_gateway_is_interrupted() throws Exception {
    JobId id = JobId.random();
    Process process = orphan(id, "echo never");
    process.destroyForcibly().waitFor();
    try (Jobs jobs = open(1, 1)) {
      Job job = jobs.find(Optional.of(ME), id).orElseThrow();
      assertThat(job.state()).isEqualTo(JobState.LOST);
      assertThat(job.reason()).contains("interrupted: the gateway was restarted");
    }
  }

  @Test
  void a_process_that_was_never_written_down_runs_nothing() throws Exception {
    Path trace = directory.resolve("trace");
    Process process = orphan(JobId.random(), "touch '" + trace + "'");
    process.getOutputStream().close();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(trace).doesNotExist();
  }

  @Test
  void another_process_with_the_same_number_is_not_taken_for_the_job() throws Exception {
    JobId id = JobId.random();
    write(running(id, JobKind.APPLICATION));
    JobFiles.open(root)
        .addProcess(
            id,
            new ProcessIdentity(ProcessHandle.current().pid(), Instant.now().minusSeconds(86_400)));
    assertThat(JobRuns.endLeftovers(JobFiles.at(root), Duration.ofSeconds(1))).isZero();
    try (Jobs jobs = open(1, 1)) {
      assertThat(jobs.find(Optional.of(ME), id).orElseThrow().state()).isEqualTo(JobState.LOST);
    }
    assertThat(JobRuns.endLeftovers(JobFiles.at(root), Duration.ofSeconds(1))).isZero();
  }

  @Test
  void leftovers_are_ended_with_the_node() throws Exception {
    JobId id = JobId.random();
    Path begun = directory.resolve("begun");
    Process process = orphan(id, "touch '" + begun + "'; exec sleep 600");
    ApplicationRunner.proceed(process);
    // Before that nobody could write down how it ended.
    awaitFile(begun);
    assertThat(JobRuns.endLeftovers(JobFiles.at(root), Duration.ofSeconds(5))).isEqualTo(1);
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    try (Jobs jobs = open(1, 1)) {
      assertThat(jobs.find(Optional.of(ME), id).orElseThrow().state()).isEqualTo(JobState.FAILED);
    }
    assertThat(JobRuns.endLeftovers(JobFiles.at(directory.resolve("never")), Duration.ofSeconds(1)))
        .isZero();
  }

  @Test
  void a_thousand_stale_jobs_and_damaged_records_do_not_keep_the_gateway_from_starting()
      throws Exception {
    List<JobId> ids = Stream.generate(JobId::random).limit(1000).toList();
    List<JobId> damaged = Stream.generate(JobId::random).limit(5).toList();
    try (JobStore store = JobStore.embedded(root, "test-node")) {
      store.gateways().enter();
      JobRecords records = store.records();
      for (JobId id : ids) {
        records.insert(running(id, JobKind.SQL));
      }
      for (JobId id : damaged) {
        records.insert(running(id, JobKind.SQL));
      }
    }
    List<String> contents = List.of("", "{", "[]", "{\"state\":\"RUNNING\"}", "?");
    for (int i = 0; i < damaged.size(); i++) {
      JobsFixture.damage(root, damaged.get(i), contents.get(i));
    }
    try (Jobs jobs = open(1, 1)) {
      for (JobId id : ids) {
        assertThat(jobs.find(Optional.of(ME), id).orElseThrow().state()).isEqualTo(JobState.LOST);
      }
      for (JobId id : damaged) {
        assertThat(jobs.find(Optional.of(ME), id).orElseThrow().reason())
            .contains("its record was damaged when the gateway was restarted");
      }
      assertThat(jobs.list(waiting()).jobs()).isEmpty();
    }
  }

  private static JobQuery waiting() {
    return new JobQuery(
        Optional.empty(),
        Set.of(JobState.QUEUED, JobState.STARTING, JobState.RUNNING),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        10);
  }

  @Test
  void an_upload_that_was_cut_off_is_cleared_away() throws Exception {
    try (Jobs jobs = open(1, 1)) {
      Files.writeString(jobs.incoming().resolve("half"), "x");
    }
    try (Jobs jobs = open(1, 1)) {
      assertThat(jobs.incoming()).isEmptyDirectory();
    }
  }

  @Test
  void sql_without_a_thrift_server_says_how_to_start_one() throws Exception {
    try (Jobs jobs = open(1, 1)) {
      Path script = Files.createTempFile(jobs.incoming(), "script", "");
      Files.writeString(script, "select 1");
      assertThatThrownBy(
              () ->
                  jobs.submitQuery(
                      ME, SqlRequest.parse("", "", "", ""), script, Terms.named("query")))
          .isInstanceOf(UnavailableException.class)
          .hasMessageContaining("START_THRIFTSERVER=true");
    }
  }
}
