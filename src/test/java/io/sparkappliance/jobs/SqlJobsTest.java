package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.Secret;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** SQL jobs against a real thrift server. */
@ExtendWith(ThriftServerProcess.Shared.class)
class SqlJobsTest {
  @TempDir private static Path directory;
  private static ThriftServerProcess server;
  private static Jobs jobs;

  @BeforeAll
  static void open(ThriftServerProcess shared) throws IOException {
    server = shared;
    jobs = openJobs(directory.resolve("jobs"));
  }

  private static Jobs openJobs(Path root) throws IOException {
    return JobsFixture.open(
        root,
        new SqlSessions(SparkDistribution.home(), "spark-test", ThriftServerProcess.TOKEN),
        Optional.of(server.address()),
        JobsFixture.runner(SparkDistribution.home(), Map.of()),
        JobsFixture.limits(2, 1, 100));
  }

  @AfterAll
  static void close() {
    if (jobs != null) {
      jobs.close();
    }
  }

  @Test
  void tables_are_those_that_beeline_draws() throws Exception {
    String script =
        """
        create table flights_like (id int, name string) using parquet;
        insert into flights_like values (1, 'a'), (2, null), (3, '');
        select * from flights_like order by id;
        select * from flights_like where id > 100;
        show tables like 'flights_like';
        describe flights_like;
        select 1 as a, cast(null as string) as very_long_column_name_that_is_wider_than_fifty_characters_are;
        select repeat('w', 200) as w, repeat('y', 49) as y, repeat('z', 50) as z;
        select array(1, 2), map('a', 1.5), named_struct('x', null, 'y', date'2020-01-01') as s;
        select cast(1e10 as double) d, float(1.1) f, 1.50 m, cast('NaN' as double) n, 1L l, cast(1 as tinyint) t;
        select cast('äb' as binary) as bin, true as yes, interval 1 day as i, interval 3 month as m;
        select timestamp'2020-01-01 00:00:00' t, timestamp_ntz'2020-01-01 00:00:00.123' n, date'2020-01-01' d;
        select 'ümläut' as `ü`, '日本' as jp, '😀' as smile, 'tab\\tx' as tab;
        select 'two\\nlines' as x, 1 as y;
        select id, repeat('x', cast(id % 300 / 10 as int)) as bar from range(0, 2250, 1, 1);
        select id from range(0, 100, 1, 1);
        select id from range(0, 101, 1, 1);
        select id from range(0, 1000, 1, 1);
        select 'ends in empty lines\\n\\n' as plan;
        set spark.sql.shuffle.partitions=3;
        use default;
        drop table flights_like;
        """;
    Job job = run(request("", ""), script);
    assertThat(job.reason()).isEmpty();
    // Reading a script line by line, beeline echoes an empty line for each; those are no results.
    assertThat(output(job)).isEqualTo(beeline("-e", String.join(" ", script.split("\n", -1))));
    assertThat(withoutEmptyLines(output(job)))
        .isEqualTo(
            withoutEmptyLines(
                beeline("-f", Files.writeString(directory.resolve("s.sql"), script).toString())));
  }

  private static String withoutEmptyLines(String text) {
    return text.lines().filter(line -> !line.isEmpty()).reduce("", (a, b) -> a + b + "\n");
  }

  private static String beeline(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Dfile.encoding=UTF-8",
                "-Dstdout.encoding=UTF-8",
                "-Dsun.jnu.encoding=UTF-8",
                "-cp",
                SparkDistribution.home().resolve("jars") + "/*",
                "org.apache.hive.beeline.BeeLine",
                "-u",
                "jdbc:hive2://" + server.address() + "/",
                "-n",
                "tests",
                "-p",
                ThriftServerProcess.TOKEN.reveal(),
                "--silent=true"));
    command.addAll(List.of(arguments));
    Path out = directory.resolve("beeline.out");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(directory.resolve("beeline.err").toFile());
    builder.environment().put("LC_ALL", "C.UTF-8");
    assertThat(builder.start().waitFor()).as(() -> read(directory.resolve("beeline.err"))).isZero();
    return Files.readString(out);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException failure) {
      return failure.toString();
    }
  }

  @Test
  void variables_and_settings_reach_the_script() throws Exception {
    Job job =
        run(
            request(
                "year=2013 col=name quote=it's;--`x`", "spark.sql.shuffle.partitions=7 my.conf=42"),
            """
            select ${year} + 1 as ${col}, '${hivevar:year}' as y, ${hiveconf:my.conf} as c;
            select "${quote}" as q;
            set spark.sql.shuffle.partitions;
            """);
    assertThat(job.state()).as(job.toString()).isEqualTo(JobState.SUCCEEDED);
    assertThat(output(job, OutputFormat.CSV))
        .isEqualTo(
            csv(
                "name,y,c",
                "2014,2013,42",
                "",
                "q",
                "it's;--`x`",
                "",
                "key,value",
                "spark.sql.shuffle.partitions,7"));
  }

  @Test
  void every_format_can_be_asked_for_again_and_again() throws Exception {
    Job job =
        run(
            request("", ""),
            "select 1 as n, 2.50 as d, 'a \"b\", c' as s, '' as e, cast(null as int) as x,"
                + " true as b, cast('ab' as binary) as bin, cast('NaN' as double) as nan");
    for (int time = 0; time < 2; time++) {
      assertThat(output(job, OutputFormat.CSV))
          .isEqualTo(
              csv(
                  "n,d,s,e,x,b,bin,nan",
                  "\"1\",\"2.50\",\"a \"\"b\"\", c\",\"\",,\"true\",\"YWI=\",\"NaN\""));
      assertThat(output(job, OutputFormat.JSON))
          .contains("\"rows\":[[1,2.50,\"a \\\"b\\\", c\",\"\",null,true,\"YWI=\",\"NaN\"]]")
          .contains("{\"name\":\"d\",\"type\":\"decimal\"}");
    }
  }

  @Test
  void a_failed_statement_ends_the_job_and_keeps_what_came_before() throws Exception {
    Job job = run(request("", ""), "select 1 as one; select * from no_such_table; select 2 as two");
    assertThat(job.state()).isEqualTo(JobState.FAILED);
    assertThat(job.reason().orElse(""))
        .startsWith("[TABLE_OR_VIEW_NOT_FOUND] The table or view `no_such_table` cannot be found.")
        .contains("SQLSTATE: 42P01")
        .doesNotContain("Exception", "\tat ");
    assertThat(output(job))
        .startsWith("+------+\n| one  |\n+------+\n| 1    |\n+------+\nError: [TABLE_OR_VIEW")
        .doesNotContain("two");
    assertThat(output(job, OutputFormat.JSON)).contains("\"rows\":[[1]]").contains("\"error\":\"");
  }

  @Test
  void a_failure_at_run_time_is_the_jobs_failure() throws Exception {
    Job job = run(request("", ""), "select 1/0");
    assertThat(job.reason().orElse("")).startsWith("[DIVIDE_BY_ZERO] Division by zero.");
    assertThat(run(request("", ""), "select parse_json('1')").state()).isEqualTo(JobState.FAILED);
  }

  @Test
  void a_block_of_sql_scripting_runs() throws Exception {
    Job job =
        run(
            request("", ""),
            "select 'first' as x; BEGIN DECLARE n INT DEFAULT 2; IF n > 1 THEN SELECT n * 21 AS answer;"
                + " END IF; END; select 'last' as x");
    assertThat(job.state()).as(job.toString()).isEqualTo(JobState.SUCCEEDED);
    assertThat(output(job, OutputFormat.CSV))
        .isEqualTo("x\r\nfirst\r\n\r\nanswer\r\n42\r\n\r\nx\r\nlast\r\n");
  }

  @Test
  void nothing_leaks_from_one_job_into_the_next() throws Exception {
    Job first =
        run(
            request("secret=1", ""),
            "create temporary view mine as select 1 as a; set spark.sql.shuffle.partitions=13;"
                + " create database if not exists other; use other; select count(*) from mine");
    assertThat(first.state()).as(first.toString()).isEqualTo(JobState.SUCCEEDED);
    for (int i = 0; i < 5; i++) {
      Job next =
          run(request("", ""), "set spark.sql.shuffle.partitions; select current_database() as d");
      assertThat(output(next, OutputFormat.CSV)).doesNotContain("13").endsWith("d\r\ndefault\r\n");
      assertThat(run(request("", ""), "select * from mine").state()).isEqualTo(JobState.FAILED);
    }
  }

  @Test
  void the_appliances_user_has_its_name_and_others_have_theirs() throws Exception {
    assertThat(output(run(request("", ""), "select current_user() as u"), OutputFormat.CSV))
        .contains("spark-test");
    SqlRequest alice = SqlRequest.parse("", "", "alice", ThriftServerProcess.TOKEN.reveal());
    assertThat(output(run(alice, "select current_user() as u"), OutputFormat.CSV))
        .contains("alice");
    SqlRequest bob = SqlRequest.parse("", "", "bob", "");
    assertThat(output(run(bob, "select current_user() as u"), OutputFormat.CSV)).contains("bob");
  }

  @Test
  void a_refused_login_is_the_jobs_failure() throws Exception {
    SqlRequest wrong =
        new SqlRequest(
            Map.of(), SqlParameters.NONE, Optional.of("eve"), Optional.of(new Secret("x")));
    Job job = run(wrong, "select 1");
    assertThat(job.state()).isEqualTo(JobState.FAILED);
    assertThat(job.reason().orElse("")).startsWith("no session on the thrift server at ");
  }

  @Test
  void closing_interrupts_what_runs_and_leaves_what_waits_to_the_next() throws Exception {
    Path root = directory.resolve("closed");
    List<JobId> ids = new ArrayList<>();
    try (Jobs closing = openJobs(root)) {
      for (int i = 0; i < 3; i++) {
        Path script = Files.createTempFile(closing.incoming(), "script", "");
        Files.writeString(
            script,
            "select 1; select count(*) from range(0, 1000000000000, 1, 1000) where sqrt(id) = rand()");
        ids.add(
            closing.submitQuery(Jobs.LOCAL_OWNER, request("", ""), script, Terms.named("q")).id());
      }
      for (JobId id : ids.subList(0, 2)) {
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .until(
                () -> closing.find(Optional.empty(), id).orElseThrow().state() == JobState.RUNNING);
      }
    }
    try (JobStore store = JobStore.embedded(root, "test-node")) {
      store.gateways().enter();
      JobRecords left = store.records();
      for (JobId id : ids.subList(0, 2)) {
        assertThat(left.find(id).orElseThrow().reason())
            .contains("interrupted: the gateway was stopped");
      }
      assertThat(left.unfinished()).containsExactly(ids.getLast());
    }
  }

  private static String csv(String... lines) {
    return String.join("\r\n", lines) + "\r\n";
  }

  private static SqlRequest request(String vars, String confs) {
    return SqlRequest.parse(vars, confs, "", "");
  }

  private static Job run(SqlRequest request, String sql) throws IOException {
    Path script = Files.createTempFile(jobs.incoming(), "script", "");
    Files.writeString(script, sql);
    JobId id = jobs.submitQuery(Jobs.LOCAL_OWNER, request, script, Terms.named("q")).id();
    return Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> jobs.find(Optional.of(Jobs.LOCAL_OWNER), id).orElseThrow(),
            job -> job.state().isFinal());
  }

  private static String output(Job job) throws IOException {
    return output(job, OutputFormat.TEXT);
  }

  private static String output(Job job, OutputFormat format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    jobs.writeOutput(job, format, out);
    return out.toString(StandardCharsets.UTF_8);
  }
}
