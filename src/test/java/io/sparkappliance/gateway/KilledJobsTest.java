package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.Immutable;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.PostgreSql;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What becomes of a job that is not over when something is killed: each state of it, for each kill.
 * The gateways are processes, the thrift server and PostgreSQL are real, programs are shell
 * scripts. Each job leaves a mark whenever it is run; none may leave two.
 */
class KilledJobsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration OUTAGE = Duration.ofSeconds(10);

  /**
   * In the order in which they are submitted: places are taken when the last one comes, and that is
   * soon after the one whose end is held back, for its place is free when the database has been
   * silent for too long. While one runs, the thrift server has no processor for another.
   */
  enum Phase {
    STARTING,
    ENDED,
    RUNNING,
    QUEUED
  }

  /** Which records a gateway uses. */
  enum Records {
    OWN,
    SHARED
  }

  /** What is killed, and what has become of each job afterwards: of SQL jobs, then of programs. */
  enum Kill {
    GATEWAY(
        "kill -9 of the gateway, which is started again",
        Records.OWN,
        new Row("lost 1", "succeeded 1", "lost 1", "succeeded 1"),
        new Row("succeeded 1", "succeeded 1", "succeeded 1", "succeeded 1"),
        "interrupted: the gateway was restarted"),
    SHARING_GATEWAY(
        "the same where gateways share their jobs",
        Records.SHARED,
        new Row("lost 1", "succeeded 1", "lost 1", "succeeded 1"),
        new Row("succeeded 1", "succeeded 1", "succeeded 1", "succeeded 1"),
        "interrupted: the gateway was restarted"),
    // What was about to begin may have done so when it is told to stop.
    TERMINATED(
        "SIGTERM of the gateway, which is started again",
        Records.SHARED,
        new Row("succeeded 1", "(failed [01]|succeeded 1)", "failed 1", "succeeded 1"),
        new Row("succeeded 1", "(failed [01]|succeeded 1)", "failed 1", "succeeded 1"),
        "interrupted: the gateway was stopped"),
    HOLDER(
        "kill -9 of the gateway, another one takes over",
        Records.SHARED,
        new Row("lost 1", "succeeded 1", "lost 1", "succeeded 1"),
        new Row("succeeded 1", "succeeded 1", "lost 1", "succeeded 1"),
        "interrupted: the gateway of node [^ ]+ is gone"),
    DRIVER(
        "kill -9 of the program's process",
        Records.SHARED,
        new Row("succeeded 1", "succeeded 1", "succeeded 1", "succeeded 1"),
        new Row("succeeded 1", "failed 0", "failed 1", "succeeded 1"),
        "spark-submit ended with exit code 137|interrupted: its process was killed"),
    THRIFT_SERVER(
        "kill -9 of the thrift server, which is started again",
        Records.SHARED,
        // What waits has its turn while the server is away, and waits a while for it.
        new Row("succeeded 1", "failed 0", "failed 1", "(failed 0|succeeded 1)"),
        new Row("succeeded 1", "succeeded 1", "succeeded 1", "succeeded 1"),
        ".+"),
    DATABASE(
        "the database is away for 10 seconds",
        Records.SHARED,
        new Row("succeeded 1", "succeeded 1", "succeeded 1", "succeeded 1"),
        new Row("succeeded 1", "succeeded 1", "succeeded 1", "succeeded 1"),
        "nothing");

    private final String description;
    private final Records records;
    private final Row sql;
    private final Row programs;
    private final String reason;

    Kill(String description, Records records, Row sql, Row programs, String reason) {
      this.description = description;
      this.records = records;
      this.sql = sql;
      this.programs = programs;
      this.reason = reason;
    }

    String expected(Cell cell) {
      return (cell.sql() ? sql : programs).of(cell.phase());
    }
  }

  /** States of jobs afterwards, and how often they were run, as regular expressions. */
  @Immutable
  record Row(String ended, String starting, String running, String queued) {
    String of(Phase phase) {
      return switch (phase) {
        case ENDED -> ended;
        case STARTING -> starting;
        case RUNNING -> running;
        case QUEUED -> queued;
      };
    }
  }

  /** A job, by what it is and how far it has come. */
  record Cell(boolean sql, Phase phase) {
    /** As {@link Held} wants it. */
    String name() {
      return phase.name().toLowerCase(Locale.ROOT) + (sql ? "-sql" : "-program");
    }
  }

  private static final Map<Kill, Map<Cell, String>> TABLE = new EnumMap<>(Kill.class);

  @TempDir private static Path common;
  private static ThriftServerProcess thrift;
  private static PostgreSql database;
  private static Path sparkHome;

  @TempDir private Path directory;

  @BeforeAll
  static void start() throws IOException {
    // The distribution with its JDBC driver, but programs are shell scripts.
    sparkHome = FakeSpark.create(common.resolve("spark"));
    Files.createSymbolicLink(
        sparkHome.resolve("jars"), SparkDistribution.home().resolve("jars").toAbsolutePath());
  }

  /** Started for the first who needs it: the short test needs none. */
  private static ThriftServerProcess thrift() {
    if (thrift == null) {
      thrift = ThriftServerProcess.start();
    }
    return thrift;
  }

  private static PostgreSql database() throws IOException {
    if (database == null) {
      database = PostgreSql.start(common.resolve("database"));
    }
    return database;
  }

  @AfterAll
  static void stopAndPrint() throws IOException {
    if (thrift != null) {
      thrift.close();
    }
    if (database != null) {
      database.close();
    }
    System.out.println(table());
  }

  /** State and number of runs of each job after each kill. */
  private static String table() {
    StringBuilder text = new StringBuilder("What became of jobs, and how often they were run\n");
    TABLE.forEach(
        (kill, cells) -> {
          text.append(kill.description).append('\n');
          cells.forEach((cell, end) -> text.append("  %-18s %s%n".formatted(cell.name(), end)));
        });
    return text.toString();
  }

  /** One kill, with a job in each state. */
  private final class Scene implements AutoCloseable {
    private final Kill kill;
    private final Path folder;
    private final Map<Cell, String> jobs = new LinkedHashMap<>();
    private final Map<String, String> variables = new LinkedHashMap<>();
    private final Held held;
    private final RunningGateway first;
    private Optional<RunningGateway> second = Optional.empty();

    Scene(Kill kill, String name, boolean sql) throws Exception {
      this.kill = kill;
      folder = Files.createDirectories(directory.resolve(name));
      Files.createDirectories(folder.resolve("marks"));
      if (sql) {
        variables.put("THRIFT_SERVER", thrift().address().toString());
      }
      variables.put("MAX_CONCURRENT_QUERIES", "3");
      variables.put("MAX_CONCURRENT_APPLICATIONS", "3");
      if (kill.records == Records.SHARED) {
        variables.putAll(RunningGateway.sharing(database().database(), folder.resolve("jobs")));
        held = new Held.Shared(variables);
      } else {
        held = new Held.Own(folder, folder.resolve("first/data/jobs/records"));
      }
      first = gateway("first");
      if (kill.records == Records.OWN) {
        first.close();
        held.hold();
        first.start();
      } else {
        held.hold();
      }
      if (kill == Kill.HOLDER) {
        second = Optional.of(gateway("second"));
      }
    }

    private RunningGateway gateway(String name) throws IOException {
      return new RunningGateway(folder.resolve(name), sparkHome, variables, held.options());
    }

    /** Submits a job and waits until it is where it is wanted. */
    void submit(Cell cell) throws IOException {
      String id =
          cell.sql()
              ? first.query(cell.name(), sql(cell))
              : first.program(cell.name(), program(cell));
      jobs.put(cell, id);
      switch (cell.phase()) {
        case QUEUED -> assertThat(state(first, id)).isEqualTo("queued");
        case STARTING ->
            patiently(cell + " starts")
                .until(() -> isHeldStarting(id) && (cell.sql() || driver(cell).isPresent()));
        case RUNNING -> patiently(cell + " runs").until(() -> runs(cell) == 1);
        case ENDED ->
            patiently(cell + " has ended").until(() -> Files.exists(end(cell)) && runs(cell) == 1);
      }
    }

    /** Where nobody writes it down: {@link Held} stands in the way of whoever asks for the job. */
    private boolean isHeldStarting(String id) throws IOException {
      return first.get("/api/v1/jobs?state=starting").body().contains(id);
    }

    private Path end(Cell cell) {
      return cell.sql()
          ? folder.resolve("marks").resolve(cell.name() + ".end")
          : folder(cell).resolve("exit-code");
    }

    private Path folder(Cell cell) {
      Path root = kill.records == Records.SHARED ? folder.resolve("jobs") : first.jobs();
      return root.resolve(jobs.get(cell));
    }

    private String sql(Cell cell) {
      String call = "select reflect('io.sparkappliance.testing.Marks', '%s', '%s'%s)";
      List<String> statements = new ArrayList<>();
      statements.add(call.formatted("leave", mark(cell), ""));
      if (cell.phase() == Phase.RUNNING) {
        statements.add(
            call.formatted("await", folder.resolve("go"), ", '" + folder.resolve("over") + "'"));
      }
      statements.add("select 'ended' as word");
      statements.add(call.formatted("leave", mark(cell) + ".end", ""));
      return String.join(";\n", statements);
    }

    private String program(Cell cell) {
      String wait =
          cell.phase() == Phase.RUNNING
              ? "until [ -e '%s' ] || [ -e '%s' ]; do sleep 0.05; done\n"
                  .formatted(folder.resolve("go"), folder.resolve("over"))
              : "";
      return "echo ran >> '%s'\necho begun\n%secho ended\n".formatted(mark(cell), wait);
    }

    private Path mark(Cell cell) {
      return folder.resolve("marks").resolve(cell.name());
    }

    private int runs(Cell cell) throws IOException {
      Path mark = mark(cell);
      return Files.exists(mark) ? Files.readAllLines(mark).size() : 0;
    }

    /** Kills what is to be killed, and mends it. */
    void kill() throws Exception {
      switch (kill) {
        case GATEWAY, SHARING_GATEWAY -> {
          first.kill();
          held.drop();
          first.start();
        }
        case TERMINATED -> {
          first.process().destroy();
          patiently("it stops").until(this::stops);
          held.release();
          assertThat(first.process().waitFor()).isEqualTo(143);
          first.start();
        }
        case HOLDER -> {
          first.kill();
          held.drop();
          for (Cell cell : jobs.keySet()) {
            if (cell.phase() == Phase.RUNNING) {
              patiently(cell + " is taken over")
                  .until(() -> state(client(), jobs.get(cell)), state -> !state.equals("running"));
            }
          }
          // It ends what has been taken from it.
          first.start();
        }
        case DRIVER -> {
          for (Cell cell : jobs.keySet()) {
            if (!cell.sql()) {
              driver(cell).ifPresent(ProcessHandle::destroyForcibly);
            }
          }
          held.release();
        }
        case THRIFT_SERVER -> {
          thrift().kill();
          held.release();
          for (Cell cell : jobs.keySet()) {
            if (cell.sql()) {
              awaitEnd(cell);
            }
          }
          thrift().startAgain();
        }
        case DATABASE -> {
          database().stop();
          try {
            Files.createFile(folder.resolve("go"));
            Awaitility.await("no answer for so long")
                .atMost(OUTAGE.multipliedBy(6))
                .during(OUTAGE)
                .ignoreExceptions()
                .until(() -> first.get("/api/v1/jobs").statusCode() == 503);
          } finally {
            database().startAgain();
          }
        }
      }
    }

    /** Whether it waits for jobs to end that are held. */
    private boolean stops() throws IOException {
      Process threads =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin/jcmd").toString(),
                  Long.toString(first.process().pid()),
                  "Thread.print")
              .redirectErrorStream(true)
              .start();
      return new String(threads.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
          .contains("JobRuns.close");
    }

    /** The process that is the program, or waits to become it. */
    private Optional<ProcessHandle> driver(Cell cell) {
      List<ProcessHandle> all =
          first
              .process()
              .descendants()
              .filter(process -> commandLine(process).contains(jobs.get(cell)))
              .toList();
      return all.stream()
          .filter(process -> process.children().noneMatch(all::contains))
          .findFirst();
    }

    /** Who answers for the jobs. */
    RunningGateway client() {
      return second.orElse(first);
    }

    JsonNode awaitEnd(Cell cell) {
      return patiently("the end of " + cell + " after " + kill)
          .until(
              () -> client().job(jobs.get(cell)),
              job ->
                  !List.of("queued", "starting", "running").contains(job.path("state").asText()));
    }

    /** What became of a job. */
    String outcome(Cell cell, JsonNode end) throws IOException {
      return end.path("state").asText() + " " + runs(cell);
    }

    /** What a job that succeeded has left behind. */
    String output(Cell cell) throws IOException {
      return cell.sql()
          ? client()
              .get(
                  "/api/v1/jobs/"
                      + jobs.get(cell)
                      + "/results?result=%d&format=csv"
                          .formatted(cell.phase() == Phase.RUNNING ? 2 : 1))
              .body()
          : client().get("/get_job_output/" + jobs.get(cell)).body();
    }

    @Override
    public void close() throws IOException {
      Files.createFile(folder.resolve("over"));
      second.ifPresent(RunningGateway::close);
      first.close();
    }
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
    } catch (IOException gone) {
      return "";
    }
  }

  private static String state(RunningGateway gateway, String id) throws IOException {
    return gateway.job(id).path("state").asText();
  }

  private static ConditionFactory patiently(String what) {
    return Awaitility.await(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(50));
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource
  void no_job_is_run_twice_or_vanishes(Kill kill) throws Exception {
    if (kill.records == Records.OWN) {
      // A single gateway has few connections to its records, and each job that is held has one.
      check(kill, "sql", cells(true).toList());
      check(kill, "programs", cells(false).toList());
    } else {
      check(kill, "both", Stream.concat(cells(true), cells(false)).toList());
    }
  }

  @Test
  void no_program_is_run_twice_or_vanishes_when_its_gateway_is_killed() throws Exception {
    check(Kill.GATEWAY, "programs", cells(false).toList());
  }

  private static Stream<Cell> cells(boolean sql) {
    return Stream.of(Phase.values()).map(phase -> new Cell(sql, phase));
  }

  private void check(Kill kill, String name, List<Cell> cells) throws Exception {
    Map<Cell, String> ends = TABLE.computeIfAbsent(kill, _ -> new LinkedHashMap<>());
    SoftAssertions softly = new SoftAssertions();
    try (Scene scene = new Scene(kill, name, cells.getFirst().sql())) {
      for (Cell cell : cells) {
        scene.submit(cell);
      }
      scene.kill();
      Path go = scene.folder.resolve("go");
      if (!Files.exists(go)) {
        Files.createFile(go);
      }
      for (Cell cell : cells) {
        JsonNode end = scene.awaitEnd(cell);
        String outcome = scene.outcome(cell, end);
        ends.put(cell, outcome);
        softly
            .assertThat(outcome)
            .as("%s after %s: %s", cell, kill, end)
            .matches(kill.expected(cell));
        if (outcome.startsWith("succeeded")) {
          softly
              .assertThat(scene.output(cell))
              .as("%s after %s", cell, kill)
              .isEqualTo(cell.sql() ? "word\r\nended\r\n" : "begun\nended\n");
        } else {
          softly
              .assertThat(end.path("reason").asText())
              .as("%s after %s", cell, kill)
              .containsPattern(kill.reason);
        }
      }
      // Whoever comes now is served as ever.
      Cell later = new Cell(cells.getFirst().sql(), Phase.QUEUED);
      String more =
          later.sql()
              ? scene.client().query("later", "select 1")
              : scene.client().program("later", "echo later");
      patiently("a job after " + kill)
          .until(() -> state(scene.client(), more), "succeeded"::equals);
      List<String> listed = new ArrayList<>(scene.jobs.values());
      listed.add(more);
      JsonNode list = RunningGateway.json(scene.client().get("/api/v1/jobs")).path("jobs");
      softly
          .assertThat(list.findValuesAsText("id").stream().sorted().collect(Collectors.toList()))
          .containsExactlyElementsOf(listed.stream().sorted().toList());
    }
    softly.assertAll();
  }
}
