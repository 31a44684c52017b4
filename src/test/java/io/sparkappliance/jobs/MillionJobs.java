package io.sparkappliance.jobs;

import io.sparkappliance.settings.Settings;
import io.sparkappliance.testing.PostgreSql;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long pages of a list take when very many jobs are stored. No test: {@code bench/gateway}
 * starts it. Arguments: jobs, rounds, a folder that it fills, and {@code embedded} or {@code
 * postgresql}.
 *
 * <p>Lines: {@code filled STORE JOBS SECONDS}, {@code indexed STORE JOBS SECONDS}, and for each
 * kind of page {@code page STORE NAME MEDIAN WORST}, in milliseconds. Of the jobs a half is one
 * user's, as where one token is everybody's; one in 100 failed, one in 1,000 is an application,
 * none is lost.
 */
public final class MillionJobs {
  private static final Pattern INDEX = Pattern.compile("create index if not exists (\\w+)");
  private static final int BATCH = 20_000;
  private static final int PAGE = 50;
  private static final Instant NEWEST = Instant.parse("2026-03-01T00:00:00Z");
  private static final String HOLDER = "bench";
  private static final String EVERYBODY = "node";

  private final JobDatabase database;
  private final JobRecords records;
  private final int jobs;

  private MillionJobs(JobDatabase database, int jobs) {
    this.database = database;
    this.records = new JobRecords(database, HOLDER);
    this.jobs = jobs;
  }

  /** Fills a store, then reads from it. */
  public static void main(String[] arguments) throws IOException {
    int jobs = Integer.parseInt(arguments[0]);
    int rounds = Integer.parseInt(arguments[1]);
    Path folder = Path.of(arguments[2]);
    String store = arguments[3];
    Files.createDirectories(folder);
    if (store.equals("postgresql")) {
      try (PostgreSql server = PostgreSql.start(folder.resolve("data"))) {
        Settings.JobsDatabase settings = server.database();
        measure(() -> JobDatabase.shared(settings), jobs, rounds, store);
      } catch (SQLException impossible) {
        throw new IOException(impossible);
      }
    } else {
      Path file = folder.resolve("records");
      measure(() -> JobDatabase.embedded(file), jobs, rounds, store);
    }
  }

  /** A store that is opened. */
  @FunctionalInterface
  private interface Opening {
    JobDatabase open() throws IOException;
  }

  private static void measure(Opening opening, int jobs, int rounds, String store)
      throws IOException {
    try (JobDatabase database = opening.open()) {
      new MillionJobs(database, jobs).fill(store);
    }
    long begun = System.nanoTime();
    // As after a restart: nothing of it is in this process's cache. It finds no indices, as where
    // an earlier version has made others.
    try (JobDatabase database = opening.open()) {
      System.out.printf(
          Locale.ROOT, "indexed %s %d %.1f%n", store, jobs, milliseconds(begun) / 1000);
      MillionJobs stored = new MillionJobs(database, jobs);
      stored.analyze();
      stored.time(store, rounds);
    }
  }

  private void fill(String store) throws IOException {
    long begun = System.nanoTime();
    for (String sql : JobDatabase.SCHEMA) {
      Matcher index = INDEX.matcher(sql);
      if (index.lookingAt()) {
        database.update("drop index " + index.group(1), List.of());
      }
    }
    for (int first = 0; first < jobs; first += BATCH) {
      int begin = first;
      database.atOnce(
          connection -> {
            insert(connection, begin, Math.min(begin + BATCH, jobs));
            return null;
          });
    }
    System.out.printf(Locale.ROOT, "filled %s %d %.1f%n", store, jobs, milliseconds(begun) / 1000);
  }

  /** What a server does by itself after a while. */
  private void analyze() throws IOException {
    if (database.isShared()) {
      database.update("vacuum analyze jobs", List.of());
    }
  }

  private void insert(Connection connection, int first, int end) throws SQLException {
    try (PreparedStatement insert = JobRecords.insertion(connection)) {
      for (int i = first; i < end; i++) {
        JobRecords.setAll(insert, job(i), HOLDER);
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  /** The last one is the newest; each three seconds after the one before. */
  private Job job(int number) {
    Instant at = submitted(number);
    JobKind kind = number % 1000 == 500 ? JobKind.APPLICATION : JobKind.SQL;
    String owner = number % 2 == 0 ? EVERYBODY : "user" + number % 100;
    // A folded number, so that names have no order.
    String name = "report %x".formatted(number * 0x9e3779b1);
    // In order, which fills a store faster, and is nothing that a page depends on.
    JobId id = new JobId("%032x".formatted(number));
    Job accepted =
        Job.accepted(
            id,
            new Submission(kind, owner, at, "node-1", Terms.named(name), Optional.empty(), 100));
    if (number >= jobs - 5) {
      return accepted;
    }
    Job running = accepted.running(at.plusSeconds(1));
    Instant over = at.plusSeconds(2);
    return (number % 100 == 7
            ? running.ended(JobState.FAILED, over, JobError.of("no such table"))
            : running.succeeded(over))
        .leaving(1000);
  }

  private Instant submitted(int number) {
    return NEWEST.minus(Duration.ofSeconds(3L * (jobs - number)));
  }

  private void time(String store, int rounds) throws IOException {
    Map<String, Call> calls = calls();
    Map<String, List<Double>> took = new LinkedHashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<String, Call> call : calls.entrySet()) {
        long begun = System.nanoTime();
        call.getValue().make();
        took.computeIfAbsent(call.getKey(), _ -> new ArrayList<>()).add(milliseconds(begun));
      }
    }
    took.forEach(
        (name, values) -> {
          List<Double> sorted = values.stream().sorted().toList();
          System.out.printf(
              Locale.ROOT,
              "page %s %s %.1f %.1f%n",
              store,
              name,
              sorted.get(sorted.size() / 2),
              sorted.getLast());
        });
  }

  /** Reads from the store. */
  @FunctionalInterface
  private interface Call {
    void make() throws IOException;
  }

  private Map<String, Call> calls() {
    Map<String, Call> calls = new LinkedHashMap<>();
    Wanted all = new Wanted();
    Wanted one = new Wanted().owner("user7");
    Wanted half = new Wanted().owner(EVERYBODY);
    page(calls, "all", all);
    page(calls, "deep", all.behind(jobs / 10));
    page(calls, "submitted_before", all.before(jobs / 2));
    for (Map.Entry<String, Wanted> whose :
        Map.of("all", all, "owner", one, "busy_owner", half).entrySet()) {
      String name = whose.getKey();
      Wanted wanted = whose.getValue();
      if (wanted != all) {
        page(calls, name, wanted);
        page(calls, name + "_deep", wanted.behind(jobs / 10));
      }
      page(calls, name + "_failed", wanted.states(JobState.FAILED));
      page(calls, name + "_failed_deep", wanted.states(JobState.FAILED).behind(jobs / 10));
      page(calls, name + "_lost", wanted.states(JobState.LOST));
      page(
          calls,
          name + "_ended_badly",
          wanted.states(JobState.FAILED, JobState.CANCELLED, JobState.LOST));
      page(
          calls,
          name + "_not_over",
          wanted.states(JobState.QUEUED, JobState.STARTING, JobState.RUNNING));
      page(calls, name + "_applications", wanted.kind(JobKind.APPLICATION));
      page(
          calls,
          name + "_applications_lost",
          wanted.kind(JobKind.APPLICATION).states(JobState.LOST));
      page(calls, name + "_name_common", wanted.name("port"));
      page(calls, name + "_name_rare", wanted.name("t abcd"));
      page(calls, name + "_name_none", wanted.name("nothing"));
    }
    calls.put("stored_of_owner", () -> records.stored("user7"));
    calls.put("stored_of_busy_owner", () -> records.stored(EVERYBODY));
    calls.put("stored_of_all", records::storedBytes);
    calls.put("counts", records::counts);
    calls.put("unfinished", records::unfinished);
    return calls;
  }

  private void page(Map<String, Call> calls, String name, Wanted wanted) {
    calls.put(name, () -> records.list(wanted.query()));
  }

  /** What a page is of. */
  private final class Wanted {
    private JobQuery query =
        new JobQuery(
            Optional.empty(),
            Set.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            PAGE);

    JobQuery query() {
      return query;
    }

    private Wanted with(
        Optional<String> owner,
        Set<JobState> states,
        Optional<JobKind> kind,
        Optional<String> name,
        Optional<Instant> before,
        Optional<JobQuery.Cursor> after) {
      Wanted other = new Wanted();
      other.query = new JobQuery(owner, states, kind, name, Optional.empty(), before, after, PAGE);
      return other;
    }

    Wanted owner(String owner) {
      return with(
          Optional.of(owner),
          query.states(),
          query.kind(),
          query.name(),
          query.before(),
          query.after());
    }

    Wanted states(JobState... states) {
      return with(
          query.owner(),
          Set.copyOf(Arrays.asList(states)),
          query.kind(),
          query.name(),
          query.before(),
          query.after());
    }

    Wanted kind(JobKind kind) {
      return with(
          query.owner(),
          query.states(),
          Optional.of(kind),
          query.name(),
          query.before(),
          query.after());
    }

    Wanted name(String part) {
      return with(
          query.owner(),
          query.states(),
          query.kind(),
          Optional.of(part),
          query.before(),
          query.after());
    }

    Wanted before(int number) {
      return with(
          query.owner(),
          query.states(),
          query.kind(),
          query.name(),
          Optional.of(submitted(number)),
          query.after());
    }

    /** Behind nine of ten jobs, say. */
    Wanted behind(int number) {
      return with(
          query.owner(),
          query.states(),
          query.kind(),
          query.name(),
          query.before(),
          Optional.of(
              new JobQuery.Cursor(JobQuery.micros(submitted(number)), new JobId("f".repeat(32)))));
    }
  }

  private static double milliseconds(long begun) {
    return (System.nanoTime() - begun) / 1e6;
  }
}
