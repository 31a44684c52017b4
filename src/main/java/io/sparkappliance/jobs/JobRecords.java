package io.sparkappliance.jobs;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The records of all jobs, in a database: what they are, where they are in their life, and how they
 * ended. A change that was saved is there after a crash of this process; one of {@link #insert} and
 * of a job's end after a crash of the machine, too.
 *
 * <p>The record itself is one text; beside it stand only those values by which jobs are looked for.
 */
final class JobRecords implements AutoCloseable {
  private static final List<String> SCHEMA =
      List.of(
          """
          create table if not exists jobs (
            id varchar(32) not null primary key,
            owner varchar(256) not null,
            kind varchar(16) not null,
            state varchar(16) not null,
            name varchar(255) not null,
            submitted bigint not null,
            finished bigint,
            idempotency_key varchar(255),
            input_bytes bigint not null,
            output_bytes bigint not null,
            record text not null,
            unique (owner, idempotency_key))
          """,
          // As lists are ordered, so that a page is the beginning of an index and nothing is
          // sorted.
          "create index if not exists jobs_submitted on jobs (submitted desc, id desc)",
          "create index if not exists jobs_owner on jobs (owner, submitted desc, id desc)",
          "create index if not exists jobs_state on jobs (state, submitted desc, id desc)",
          "create index if not exists jobs_owner_state on jobs (owner, state, submitted desc, id desc)",
          // With what is added up, so that the records need not be read for it.
          "create index if not exists jobs_finished on jobs (finished, input_bytes, output_bytes)",
          "create index if not exists jobs_stored on jobs (owner, input_bytes, output_bytes)");

  private static final int CONNECTIONS = 4;

  /** Of the database, ISO/IEC 9075: a value that has to be unique is there already. */
  private static final String NOT_UNIQUE = "23505";

  private final HikariDataSource source;
  private final boolean embedded;

  private JobRecords(HikariDataSource source, boolean embedded) {
    this.source = source;
    this.embedded = embedded;
  }

  /** A request with this key was taken before. */
  static final class KnownKeyException extends Exception {
    private static final long serialVersionUID = 1;

    KnownKeyException(SQLException cause) {
      super("the key is known", cause);
    }
  }

  /**
   * Opens the records of a single gateway, making their file where it is missing.
   *
   * @param file without its ending
   * @throws IOException when it can't be read or written, or another process has it open
   */
  static JobRecords embedded(Path file) throws IOException {
    HikariConfig config = new HikariConfig();
    config.setPoolName("jobs");
    // Each commit goes to the file at once. "async": a thread that is interrupted while it writes
    // must not close the
    // file for all others.
    config.setJdbcUrl(
        "jdbc:h2:async:%s;MODE=PostgreSQL;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;CACHE_SIZE=8192;TRACE_LEVEL_FILE=0"
            .formatted(file.toAbsolutePath()));
    config.setUsername("jobs");
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(Duration.ofSeconds(30).toMillis());
    try {
      JobRecords records = new JobRecords(new HikariDataSource(config), true);
      records.createSchema();
      return records;
    } catch (RuntimeException unusable) {
      throw new IOException(
          "the records of jobs in " + file + ".mv.db can't be opened: " + unusable.getMessage(),
          unusable);
    }
  }

  private void createSchema() throws IOException {
    run(
        connection -> {
          try (Statement statement = connection.createStatement()) {
            for (String sql : SCHEMA) {
              statement.execute(sql);
            }
          }
          return null;
        });
  }

  /**
   * Writes a new job down.
   *
   * @throws KnownKeyException when its owner's idempotency key has a job already
   * @throws IOException when it can't be written
   */
  void insert(Job job) throws IOException, KnownKeyException {
    try (Connection connection = source.getConnection()) {
      try (PreparedStatement insert =
          connection.prepareStatement(
              """
              insert into jobs (state, finished, output_bytes, record,
                id, owner, kind, name, submitted, idempotency_key, input_bytes)
              values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
              """)) {
        int next = setChanging(insert, job);
        insert.setString(next++, job.id().value());
        insert.setString(next++, job.owner());
        insert.setString(next++, job.kind().name());
        insert.setString(next++, job.submission().terms().name());
        insert.setLong(next++, JobQuery.micros(job.submission().at()));
        insert.setString(next++, job.submission().terms().idempotencyKey().orElse(null));
        insert.setLong(next, job.submission().inputBytes());
        insert.executeUpdate();
      }
      flush(connection);
    } catch (SQLException failure) {
      if (NOT_UNIQUE.equals(failure.getSQLState())
          && job.submission().terms().idempotencyKey().isPresent()) {
        throw new KnownKeyException(failure);
      }
      throw unusable(failure);
    }
  }

  /**
   * Writes down how a job is now.
   *
   * @throws IOException when it can't be written
   */
  void save(Job job) throws IOException {
    run(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update jobs set state = ?, finished = ?, output_bytes = ?, record = ? where id = ?")) {
            update.setString(setChanging(update, job), job.id().value());
            update.executeUpdate();
          }
          if (job.state().isFinal()) {
            flush(connection);
          }
          return null;
        });
  }

  /**
   * Ends a job whose record can't be read.
   *
   * @throws IOException when that can't be written
   */
  void saveLost(JobId id, Instant now) throws IOException {
    List<Job> rebuilt =
        query(
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
    return 5;
  }

  /** From the system's cache to the disk; PostgreSQL does that by itself. */
  private void flush(Connection connection) throws SQLException {
    if (embedded) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("checkpoint sync");
      }
    }
  }

  /**
   * A job's record.
   *
   * @return empty when there is no such job
   * @throws IOException when it can't be read
   */
  Optional<Job> find(JobId id) throws IOException {
    return select("select id, record from jobs where id = ?", List.of(id.value())).stream()
        .findFirst();
  }

  /**
   * The job that a request with this key became.
   *
   * @throws IOException when it can't be read
   */
  Optional<Job> find(String owner, String idempotencyKey) throws IOException {
    return select(
            "select id, record from jobs where owner = ? and idempotency_key = ?",
            List.of(owner, idempotencyKey))
        .stream()
        .findFirst();
  }

  /**
   * Jobs that are not over, oldest first.
   *
   * @throws IOException when they can't be read
   */
  List<JobId> unfinished() throws IOException {
    String open =
        Arrays.stream(JobState.values())
            .filter(state -> !state.isFinal())
            .map(state -> "'" + state.name() + "'")
            .collect(Collectors.joining(", "));
    return ids(
        "select id from jobs where state in (" + open + ") order by submitted, id", List.of());
  }

  /**
   * A page of jobs.
   *
   * @throws IOException when they can't be read
   */
  JobPage list(JobQuery query) throws IOException {
    StringBuilder sql = new StringBuilder("select id, record from jobs where 1 = 1");
    List<Object> values = new ArrayList<>();
    query
        .owner()
        .ifPresent(
            owner -> {
              sql.append(" and owner = ?");
              values.add(owner);
            });
    if (!query.states().isEmpty()) {
      sql.append(" and state in (")
          .append(query.states().stream().map(_ -> "?").collect(Collectors.joining(", ")))
          .append(')');
      query.states().forEach(state -> values.add(state.name()));
    }
    query
        .kind()
        .ifPresent(
            kind -> {
              sql.append(" and kind = ?");
              values.add(kind.name());
            });
    query
        .name()
        .ifPresent(
            part -> {
              sql.append(" and lower(name) like ? escape '!'");
              values.add("%" + escaped(part.toLowerCase(Locale.ROOT)) + "%");
            });
    query.from().ifPresent(at -> addBound(sql, values, " and submitted >= ?", at));
    query.before().ifPresent(at -> addBound(sql, values, " and submitted < ?", at));
    query
        .after()
        .ifPresent(
            cursor -> {
              // The first condition alone is what an index understands.
              sql.append(" and submitted <= ? and (submitted < ? or id < ?)");
              values.addAll(List.of(cursor.micros(), cursor.micros(), cursor.id().value()));
            });
    sql.append(" order by submitted desc, id desc limit ?");
    values.add(query.limit() + 1);
    List<Job> found = select(sql.toString(), values);
    if (found.size() <= query.limit()) {
      return new JobPage(found, Optional.empty());
    }
    List<Job> page = found.subList(0, query.limit());
    return new JobPage(page, Optional.of(JobQuery.Cursor.at(page.getLast())));
  }

  private static void addBound(
      StringBuilder sql, List<Object> values, String condition, Instant at) {
    sql.append(condition);
    values.add(JobQuery.micros(at));
  }

  private static String escaped(String part) {
    return part.replace("!", "!!").replace("%", "!%").replace("_", "!_");
  }

  /**
   * Removes a record.
   *
   * @throws IOException when it can't be removed
   */
  void delete(JobId id) throws IOException {
    run(
        connection -> {
          try (PreparedStatement delete =
              connection.prepareStatement("delete from jobs where id = ?")) {
            delete.setString(1, id.value());
            delete.executeUpdate();
          }
          return null;
        });
  }

  /**
   * What somebody's jobs take on disk.
   *
   * @throws IOException when it can't be read
   */
  Stored stored(String owner) throws IOException {
    return run(
        connection -> {
          try (PreparedStatement sum =
              connection.prepareStatement(
                  "select coalesce(sum(input_bytes), 0), coalesce(sum(output_bytes), 0) from jobs where owner = ?")) {
            sum.setString(1, owner);
            try (ResultSet result = sum.executeQuery()) {
              result.next();
              return new Stored(result.getLong(1), result.getLong(2));
            }
          }
        });
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
    return run(
        connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet sum =
                  statement.executeQuery(
                      "select coalesce(sum(input_bytes + output_bytes), 0) from jobs"
                          + " where finished is not null")) {
            sum.next();
            return sum.getLong(1);
          }
        });
  }

  @Override
  public void close() {
    source.close();
  }

  /** What is done with a connection. */
  @FunctionalInterface
  private interface Use<T> {
    T with(Connection connection) throws SQLException, IOException;
  }

  private <T> T run(Use<T> use) throws IOException {
    try (Connection connection = source.getConnection()) {
      return use.with(connection);
    } catch (SQLException failure) {
      throw unusable(failure);
    }
  }

  private static IOException unusable(SQLException failure) {
    return new IOException("the records of jobs can't be used: " + failure.getMessage(), failure);
  }

  private List<Job> select(String sql, List<Object> values) throws IOException {
    return query(
        sql, values, result -> JobJson.read(new JobId(result.getString(1)), result.getString(2)));
  }

  private List<JobId> ids(String sql, List<Object> values) throws IOException {
    return query(sql, values, result -> new JobId(result.getString(1)));
  }

  /** Reads a row. */
  @FunctionalInterface
  private interface Row<T> {
    T read(ResultSet result) throws SQLException, IOException;
  }

  private <T> List<T> query(String sql, List<Object> values, Row<T> row) throws IOException {
    return run(
        connection -> {
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.size(); i++) {
              statement.setObject(i + 1, values.get(i));
            }
            List<T> rows = new ArrayList<>();
            try (ResultSet result = statement.executeQuery()) {
              while (result.next()) {
                rows.add(row.read(result));
              }
            }
            return rows;
          }
        });
  }
}
