package io.sparkappliance.jobs;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The records of all jobs: what they are, where they are in their life, and how they ended. The
 * record itself is one text; beside it stand only those values by which jobs are looked for.
 *
 * <p>A job that is not over is held by one gateway, the only one that may change it. Others can
 * write down that they wish it to end.
 */
final class JobRecords {
  static final String OPEN =
      Arrays.stream(JobState.values())
          .filter(state -> !state.isFinal())
          .map(state -> "'" + state.name() + "'")
          .collect(Collectors.joining(", ", "state in (", ")"));

  private static final String COLUMNS = "id, record, cancelled_by";

  /** Of the database, ISO/IEC 9075: a value that has to be unique is there already. */
  private static final String NOT_UNIQUE = "23505";

  private final JobDatabase database;
  private final String holder;

  /**
   * The records as one gateway sees them.
   *
   * @param holder the gateway, see {@link Gateways}
   */
  JobRecords(JobDatabase database, String holder) {
    this.database = database;
    this.holder = holder;
  }

  /** A request with this key was taken before. */
  static final class KnownKeyException extends Exception {
    private static final long serialVersionUID = 1;

    KnownKeyException() {
      super("the key is known");
    }
  }

  /**
   * Writes a new job down.
   *
   * @throws KnownKeyException when its owner's idempotency key has a job already
   * @throws IOException when it can't be written
   */
  void insert(Job job) throws IOException, KnownKeyException {
    boolean isNew =
        database.atOnce(
            connection -> {
              checkLives(connection);
              try (PreparedStatement insert = insertion(connection)) {
                setAll(insert, job, holder);
                insert.executeUpdate();
              } catch (SQLException failure) {
                if (NOT_UNIQUE.equals(failure.getSQLState())
                    && job.submission().terms().idempotencyKey().isPresent()) {
                  return false;
                }
                throw failure;
              }
              database.flush(connection);
              return true;
            });
    if (!isNew) {
      throw new KnownKeyException();
    }
  }

  /** The statement that writes a new job down. */
  static PreparedStatement insertion(Connection connection) throws SQLException {
    return connection.prepareStatement(
        """
        insert into jobs (state, finished, output_bytes, record, webhook_due, webhook_host,
          id, owner, kind, name, submitted, idempotency_key, input_bytes, holder)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);
  }

  /** Gives an {@link #insertion} its values. */
  static void setAll(PreparedStatement insertion, Job job, String holder) throws SQLException {
    int next = setChanging(insertion, job);
    insertion.setString(next++, job.id().value());
    insertion.setString(next++, job.owner());
    insertion.setString(next++, job.kind().name());
    insertion.setString(next++, job.submission().terms().name());
    insertion.setLong(next++, JobQuery.micros(job.submission().at()));
    insertion.setString(next++, job.submission().terms().idempotencyKey().orElse(null));
    insertion.setLong(next++, job.submission().inputBytes());
    insertion.setString(next, holder);
  }

  /** Whoever was taken for dead takes no job: it would be another one's at once. */
  private void checkLives(Connection connection) throws SQLException, IOException {
    if (database.isShared()
        && JobDatabase.query(
                connection,
                "select id from gateways where id = ? for key share",
                List.of(holder),
                row -> row.getString(1))
            .isEmpty()) {
      throw new UnreachableRecordsException("this gateway was taken for dead", null);
    }
  }

  /**
   * Writes down how a job is now.
   *
   * @throws TakenOverException when another gateway holds it
   * @throws IOException when it can't be written
   */
  void save(Job job) throws IOException {
    int changed =
        database.run(
            connection -> {
              int rows;
              try (PreparedStatement update =
                  connection.prepareStatement(
                      "update jobs set state = ?, finished = ?, output_bytes = ?, record = ?,"
                          + " webhook_due = ?, webhook_host = ? where id = ? and holder = ?")) {
                int next = setChanging(update, job);
                update.setString(next++, job.id().value());
                update.setString(next, holder);
                rows = update.executeUpdate();
              }
              if (job.state().isFinal()) {
                database.flush(connection);
              }
              return rows;
            });
    if (changed == 0) {
      throw new TakenOverException(job.id());
    }
  }

  /**
   * Ends a job whose record can't be read.
   *
   * @throws IOException when that can't be written
   */
  void saveLost(JobId id, Instant now) throws IOException {
    List<Job> rebuilt =
        database.query(
            "select owner, kind, name, submitted, input_bytes from jobs where id = ?",
            List.of(id.value()),
            row ->
                Job.accepted(
                        id,
                        new Submission(
                            JobKind.valueOf(row.getString(2)),
                            row.getString(1),
                            Instant.EPOCH.plus(row.getLong(4), ChronoUnit.MICROS),
                            "",
                            Terms.named(row.getString(3)),
                            Optional.empty(),
                            row.getLong(5)))
                    .ended(
                        JobState.LOST,
                        now,
                        JobError.of("its record was damaged when the gateway was restarted")));
    for (Job job : rebuilt) {
      save(job);
    }
  }

  private static int setChanging(PreparedStatement statement, Job job) throws SQLException {
    statement.setString(1, job.state().name());
    statement.setObject(2, job.finished().map(JobQuery::micros).orElse(null), Types.BIGINT);
    statement.setLong(3, job.outputBytes());
    statement.setString(4, JobJson.write(job));
    Optional<Instant> due = job.delivery().flatMap(Delivery::due);
    statement.setObject(5, due.map(JobQuery::micros).orElse(null), Types.BIGINT);
    statement.setString(
        6, job.submission().terms().webhook().map(WebhookAddress::host).orElse(null));
    return 7;
  }

  /**
   * A job's record.
   *
   * @return empty when there is no such job
   * @throws IOException when it can't be read
   */
  Optional<Job> find(JobId id) throws IOException {
    return select("select " + COLUMNS + " from jobs where id = ?", List.of(id.value())).stream()
        .findFirst();
  }

  /**
   * Whether there is a record of a job, readable or not.
   *
   * @throws IOException when that can't be told
   */
  boolean has(JobId id) throws IOException {
    return !ids("select id from jobs where id = ?", List.of(id.value())).isEmpty();
  }

  /**
   * Makes sure that this gateway holds a job.
   *
   * @throws TakenOverException when another one does
   * @throws IOException when that can't be told
   */
  void checkHeld(JobId id) throws IOException {
    if (ids("select id from jobs where id = ? and holder = ?", List.of(id.value(), holder))
        .isEmpty()) {
      throw new TakenOverException(id);
    }
  }

  /**
   * The job that a request with this key became.
   *
   * @throws IOException when it can't be read
   */
  Optional<Job> find(String owner, String idempotencyKey) throws IOException {
    return select(
            "select " + COLUMNS + " from jobs where owner = ? and idempotency_key = ?",
            List.of(owner, idempotencyKey))
        .stream()
        .findFirst();
  }

  /**
   * Jobs of this gateway that are not over, oldest first.
   *
   * @throws IOException when they can't be read
   */
  List<JobId> unfinished() throws IOException {
    return ids(
        "select id from jobs where " + OPEN + " and holder = ? order by submitted, id",
        List.of(holder));
  }

  /**
   * Jobs of this gateway of whose end somebody is to be told now, those first who wait longest.
   *
   * @param now of this gateway's clock
   * @param without hosts that have to wait
   * @param except jobs that are being told of
   * @param limit how many, at most
   * @throws IOException when they can't be read
   */
  List<JobId> toBeTold(Instant now, Set<String> without, Set<JobId> except, int limit)
      throws IOException {
    List<Object> values = new ArrayList<>(List.of(JobQuery.micros(now), holder));
    values.addAll(without);
    except.forEach(id -> values.add(id.value()));
    values.add(limit);
    return ids(
        "select id from jobs where webhook_due <= ? and holder = ?"
            + noneOf("webhook_host", without.size())
            + noneOf("id", except.size())
            + " order by webhook_due limit ?",
        values);
  }

  private static String noneOf(String column, int count) {
    return count == 0
        ? ""
        : " and " + column + " not in (" + String.join(", ", Collections.nCopies(count, "?")) + ")";
  }

  /**
   * Tells nobody of a job whose record can't be read.
   *
   * @throws IOException when that can't be written
   */
  void tellNobody(JobId id) throws IOException {
    database.update(
        "update jobs set webhook_due = null where id = ? and holder = ?",
        List.of(id.value(), holder));
  }

  /**
   * Writes down that somebody wishes the end of a job that another gateway holds.
   *
   * @return whether it is not over
   * @throws IOException when it can't be written
   */
  boolean wishEnd(JobId id, String user) throws IOException {
    return database.update(
            "update jobs set cancelled_by = coalesce(cancelled_by, ?) where id = ? and " + OPEN,
            List.of(user, id.value()))
        > 0;
  }

  /**
   * The jobs of this gateway that others wish to end, and who.
   *
   * @throws IOException when they can't be read
   */
  Map<JobId, String> wishedEnds() throws IOException {
    Map<JobId, String> wishes = new HashMap<>();
    database.query(
        "select id, cancelled_by from jobs where "
            + OPEN
            + " and holder = ? and cancelled_by is not null",
        List.of(holder),
        row -> wishes.put(new JobId(row.getString(1)), row.getString(2)));
    return wishes;
  }

  /**
   * How many jobs of all gateways are not over.
   *
   * @throws IOException when they can't be counted
   */
  JobCounts counts() throws IOException {
    Map<JobState, Integer> counts = new HashMap<>();
    database.query(
        "select state, count(*) from jobs where " + OPEN + " group by state",
        List.of(),
        row -> counts.put(JobState.valueOf(row.getString(1)), row.getInt(2)));
    int queued = counts.getOrDefault(JobState.QUEUED, 0);
    return new JobCounts(
        counts.values().stream().mapToInt(Integer::intValue).sum() - queued, queued);
  }

  /**
   * A page of jobs.
   *
   * @throws IOException when they can't be read
   */
  JobPage list(JobQuery query) throws IOException {
    PageSql sql = new PageSql(COLUMNS, query, query.limit() + 1);
    List<Job> found = select(sql.text(), sql.values());
    if (found.size() <= query.limit()) {
      return new JobPage(found, Optional.empty());
    }
    List<Job> page = found.subList(0, query.limit());
    return new JobPage(page, Optional.of(JobQuery.Cursor.at(page.getLast())));
  }

  /**
   * Removes a record.
   *
   * @throws IOException when it can't be removed
   */
  void delete(JobId id) throws IOException {
    database.update("delete from jobs where id = ?", List.of(id.value()));
  }

  /**
   * What somebody's jobs take on disk.
   *
   * @throws IOException when it can't be read
   */
  Stored stored(String owner) throws IOException {
    return database
        .query(
            "select coalesce(sum(input_bytes), 0), coalesce(sum(output_bytes), 0) from jobs where"
                + " owner = ?",
            List.of(owner),
            sum -> new Stored(sum.getLong(1), sum.getLong(2)))
        .getFirst();
  }

  /**
   * Jobs that ended before a moment, those that ended first to begin with.
   *
   * @throws IOException when they can't be read
   */
  List<JobId> finishedBefore(Instant moment, int limit) throws IOException {
    return ids(
        "select id from jobs where finished < ? order by finished limit ?",
        List.of(JobQuery.micros(moment), limit));
  }

  /**
   * Bytes of the uploads and outputs of all jobs that are over.
   *
   * @throws IOException when they can't be read
   */
  long storedBytes() throws IOException {
    return database
        .query(
            "select coalesce(sum(input_bytes + output_bytes), 0) from jobs where finished is not"
                + " null",
            List.of(),
            sum -> sum.getLong(1))
        .getFirst();
  }

  private List<Job> select(String sql, List<Object> values) throws IOException {
    return database.query(sql, values, JobRecords::job);
  }

  private static Job job(ResultSet row) throws SQLException, IOException {
    Job job = JobJson.read(new JobId(row.getString(1)), row.getString(2));
    String wish = row.getString(3);
    return wish == null || job.cancelledBy().isPresent() || job.state().isFinal()
        ? job
        : job.cancelledBy(wish);
  }

  private List<JobId> ids(String sql, List<Object> values) throws IOException {
    return database.query(sql, values, result -> new JobId(result.getString(1)));
  }
}
