package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Records of jobs, in whatever database they are. */
abstract class JobRecordsContract {
  static final Instant T = Instant.parse("2026-01-31T12:00:00.123456Z");

  private JobDatabase database;
  private JobRecords records;

  @BeforeEach
  void open() throws IOException {
    database = database();
    database.update("delete from gateways where id = 'me'", List.of());
    database.update(
        "insert into gateways (id, data_id, node, beat) values ('me', 'me', 'here', 0)", List.of());
    records = new JobRecords(database, "me");
  }

  /** The one that is tested, as it was left. */
  abstract JobDatabase database() throws IOException;

  JobRecords records() {
    return records;
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void other_drivers_keep_their_time() {
    // Hive's takes this for the time that a statement may need.
    assertThat(DriverManager.getLoginTimeout()).isZero();
  }

  @Test
  void only_who_holds_a_job_changes_it_and_others_wish() throws Exception {
    Job job = insert("ann", JobKind.SQL, "first", 0);
    JobRecords others = new JobRecords(database, "other");
    assertThatThrownBy(() -> others.save(job.running(T))).isInstanceOf(TakenOverException.class);
    assertThat(others.unfinished()).isEmpty();
    assertThat(others.find(job.id())).contains(job);
    assertThat(others.counts()).isEqualTo(new JobCounts(0, 1));

    assertThat(others.wishEnd(job.id(), "bob")).isTrue();
    assertThat(others.wishEnd(job.id(), "eve")).isTrue();
    assertThat(others.wishedEnds()).isEmpty();
    assertThat(records.wishedEnds()).isEqualTo(Map.of(job.id(), "bob"));
    assertThat(records.find(job.id())).contains(job.cancelledBy("bob"));
    records.save(job.running(T));
    assertThat(records.wishedEnds()).as("a change does not undo it").hasSize(1);
    records.save(job.succeeded(T));
    assertThat(records.find(job.id())).as("too late").contains(job.succeeded(T));
    assertThat(records.wishedEnds()).isEmpty();
    assertThat(others.wishEnd(job.id(), "bob")).isFalse();
    assertThat(others.counts()).isEqualTo(new JobCounts(0, 0));
  }

  private static Job job(String owner, JobKind kind, String name, int second, String key) {
    return Job.accepted(
        JobId.random(),
        new Submission(
            kind,
            owner,
            T.plusSeconds(second),
            "here",
            new Terms(name, 2, Optional.of(Duration.ofMinutes(5)), Optional.ofNullable(key)),
            Optional.ofNullable(key).map(_ -> "f".repeat(64)),
            10));
  }

  Job insert(String owner, JobKind kind, String name, int second) throws Exception {
    Job job = job(owner, kind, name, second, null);
    records.insert(job);
    return job;
  }

  private static JobQuery query(
      Optional<String> owner,
      Set<JobState> states,
      Optional<JobKind> kind,
      Optional<String> name,
      int limit) {
    return new JobQuery(
        owner, states, kind, name, Optional.empty(), Optional.empty(), Optional.empty(), limit);
  }

  @Test
  void a_record_is_read_as_it_was_written_and_survives_the_process() throws Exception {
    Job plain = insert("ann", JobKind.SQL, "first", 0);
    Job full =
        job("ann", JobKind.APPLICATION, "with “all” of it\\", 1, "key")
            .running(T.plusSeconds(3))
            .as(new SparkApplication("app-1", Optional.of("http://here:4040")))
            .cancelledBy("bob")
            .ended(
                JobState.CANCELLED,
                T.plusSeconds(4),
                new JobError(
                    "why\nnot",
                    Optional.of("CLASS"),
                    Optional.of("42P01"),
                    OptionalInt.of(2),
                    OptionalInt.of(0)))
            .leaving(77);
    records.insert(full);
    close();
    open();
    assertThat(records.find(plain.id())).contains(plain);
    assertThat(records.find(full.id())).contains(full);
    assertThat(records.find("ann", "key")).contains(full);
    assertThat(records.find("bob", "key")).isEmpty();
    assertThat(records.find(JobId.random())).isEmpty();
    assertThat(records.unfinished()).containsExactly(plain.id());
  }

  @Test
  void the_same_key_is_taken_once_for_each_owner() throws Exception {
    records.insert(job("ann", JobKind.SQL, "a", 0, "key"));
    records.insert(job("bob", JobKind.SQL, "a", 0, "key"));
    assertThatThrownBy(() -> records.insert(job("ann", JobKind.SQL, "b", 1, "key")))
        .isInstanceOf(JobRecords.KnownKeyException.class);
  }

  @Test
  void a_list_is_filtered_and_has_the_newest_first() throws Exception {
    Job first = insert("ann", JobKind.SQL, "Report 100%", 0);
    Job second = insert("ann", JobKind.APPLICATION, "load", 1);
    Job third = insert("bob", JobKind.SQL, "report_x", 2);
    records.save(second.running(T));
    assertThat(list(query(Optional.empty(), Set.of(), Optional.empty(), Optional.empty(), 9)))
        .containsExactly(third.id(), second.id(), first.id());
    assertThat(list(query(Optional.of("ann"), Set.of(), Optional.empty(), Optional.empty(), 9)))
        .containsExactly(second.id(), first.id());
    assertThat(
            list(
                query(
                    Optional.empty(),
                    Set.of(JobState.RUNNING, JobState.LOST),
                    Optional.empty(),
                    Optional.empty(),
                    9)))
        .containsExactly(second.id());
    assertThat(
            list(
                query(
                    Optional.empty(),
                    Set.of(),
                    Optional.of(JobKind.SQL),
                    Optional.of("REPORT"),
                    9)))
        .containsExactly(third.id(), first.id());
    for (String literally : List.of("100%", "t_x")) {
      assertThat(
              list(query(Optional.empty(), Set.of(), Optional.empty(), Optional.of(literally), 9)))
          .hasSize(1);
    }
    assertThat(list(between(T.plusSeconds(1), T.plusSeconds(2)))).containsExactly(second.id());
  }

  private static JobQuery between(Instant from, Instant before) {
    return new JobQuery(
        Optional.empty(),
        Set.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(from),
        Optional.of(before),
        Optional.empty(),
        9);
  }

  private List<JobId> list(JobQuery query) throws IOException {
    return records.list(query).jobs().stream().map(Job::id).toList();
  }

  @Test
  void pages_follow_each_other_also_where_jobs_came_at_the_same_moment() throws Exception {
    List<JobId> all = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      all.add(insert("ann", JobKind.SQL, "a", i / 10).id());
    }
    List<JobId> seen = new ArrayList<>();
    Optional<JobQuery.Cursor> cursor = Optional.empty();
    int pages = 0;
    do {
      JobPage page =
          records.list(
              new JobQuery(
                  Optional.of("ann"),
                  Set.of(),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  cursor,
                  4));
      page.jobs().forEach(job -> seen.add(job.id()));
      // A job that comes meanwhile moves nothing.
      insert("ann", JobKind.SQL, "new", 100);
      cursor = page.next().flatMap(next -> JobQuery.Cursor.parse(next.toString()));
      pages++;
    } while (cursor.isPresent());
    assertThat(pages).isEqualTo(7);
    assertThat(seen).containsExactlyInAnyOrderElementsOf(all);
  }

  @Test
  void a_cursor_that_is_none_is_refused() {
    for (String text : List.of("", "x", "!!", "MTIz", "MTox", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OjEx")) {
      assertThat(JobQuery.Cursor.parse(text)).isEmpty();
    }
  }

  @Test
  void what_is_stored_is_counted_and_what_ended_first_is_known() throws Exception {
    Job first = insert("ann", JobKind.SQL, "a", 0);
    Job second = insert("ann", JobKind.SQL, "b", 1);
    insert("bob", JobKind.SQL, "c", 2);
    records.save(first.succeeded(T.plusSeconds(9)).leaving(100));
    records.save(second.succeeded(T.plusSeconds(5)).leaving(1));
    assertThat(records.stored("ann")).isEqualTo(new Stored(20, 101));
    assertThat(records.stored("nobody")).isEqualTo(new Stored(0, 0));
    assertThat(records.storedBytes()).isEqualTo(121);
    assertThat(records.finishedBefore(T.plusSeconds(10), 9))
        .containsExactly(second.id(), first.id());
    assertThat(records.finishedBefore(T.plusSeconds(10), 1)).containsExactly(second.id());
    assertThat(records.finishedBefore(T.plusSeconds(9), 9)).containsExactly(second.id());
    records.delete(second.id());
    assertThat(records.find(second.id())).isEmpty();
  }
}
