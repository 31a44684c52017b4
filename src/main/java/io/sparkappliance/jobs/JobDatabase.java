package io.sparkappliance.jobs;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Where the records of jobs are: a file of this gateway's own, or a database that several share. A
 * change that was made is there after a crash of this process; one that was {@link #flush flushed},
 * after a crash of the machine, too.
 */
final class JobDatabase implements AutoCloseable {
  static final List<String> SCHEMA =
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
            holder varchar(32) not null,
            cancelled_by varchar(256),
            record text not null,
            unique (owner, idempotency_key))
          """,
          // As lists are ordered, so that a page is the beginning of an index and nothing is
          // sorted. Behind that the name, so that jobs with other names need not be read.
          "create index if not exists jobs_listed on jobs (submitted desc, id desc, name)",
          "create index if not exists jobs_listed_owner on jobs (owner, submitted desc, id desc,"
              + " name)",
          "create index if not exists jobs_listed_state on jobs (state, kind, submitted desc, id"
              + " desc, name)",
          "create index if not exists jobs_listed_owner_state on jobs (owner, state, kind,"
              + " submitted desc, id desc, name)",
          // Of an earlier version.
          "drop index if exists jobs_submitted",
          "drop index if exists jobs_owner",
          "drop index if exists jobs_state",
          "drop index if exists jobs_owner_state",
          // With what is added up, so that the records need not be read for it.
          "create index if not exists jobs_finished on jobs (finished, input_bytes, output_bytes)",
          "create index if not exists jobs_stored on jobs (owner, input_bytes, output_bytes)",
          """
          create table if not exists gateways (
            id varchar(32) not null primary key,
            data_id varchar(32) not null,
            node varchar(255) not null,
            beat bigint not null)
          """,
          """
          create table if not exists gateway_facts (
            name varchar(32) not null primary key,
            fact varchar(255) not null)
          """);

  /** What tables of earlier versions lack. */
  private static final Map<String, String> LATER_COLUMNS =
      Map.of("webhook_due", "bigint", "webhook_host", "varchar(255)");

  private static final List<String> LATER_INDEXES =
      List.of("create index if not exists jobs_webhook on jobs (webhook_due, holder)");

  /** Of an advisory lock; any number that nobody else uses there: "jobs" in ASCII. */
  private static final long MAKING_LOCK = 0x6a6f6273;

  private static final String SCHEMA_FACT = "schema";

  /** To be changed with {@link #SCHEMA}, {@link #LATER_COLUMNS} and {@link #LATER_INDEXES}. */
  private static final String SCHEMA_VERSION = "1";

  private static final int CONNECTIONS = 4;
  private static final int SHARED_CONNECTIONS = 8;
  private static final Duration BUSY = Duration.ofSeconds(30);
  private static final Duration UNREACHABLE = Duration.ofSeconds(5);
  private static final Duration VALIDATION = Duration.ofSeconds(1);

  /** A server that was cut off never answers. */
  private static final Duration SILENT = Duration.ofSeconds(20);

  /** But an index of very many jobs takes its time. */
  private static final Duration INDEXED = Duration.ofMinutes(30);

  /**
   * Beginnings of SQLSTATEs: no connection, or none any more (08); a deadlock (40); too many
   * connections, or no room (53); a server that starts or stops (57P), or only stands by (25006).
   */
  private static final List<String> PASSES = List.of("08", "40", "53", "57P", "25006");

  private final HikariDataSource source;
  private final boolean shared;
  private final String name;

  /** With a data source: told an address, the pool sets a time limit for every JDBC driver. */
  private JobDatabase(HikariConfig config, boolean shared, String name) {
    config.setPoolName("jobs");
    this.source = new HikariDataSource(config);
    this.shared = shared;
    this.name = name;
  }

  /**
   * Opens the database of a single gateway, making its file where it is missing.
   *
   * @param file without its ending
   * @throws IOException when it can't be read or written, or another process has it open
   */
  static JobDatabase embedded(Path file) throws IOException {
    HikariConfig config = new HikariConfig();
    // Each commit goes to the file at once. "async": a thread that is interrupted while it writes
    // must not close the file for all others.
    config.setDataSourceClassName("org.h2.jdbcx.JdbcDataSource");
    config.addDataSourceProperty(
        "url",
        "jdbc:h2:async:%s;MODE=PostgreSQL;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;CACHE_SIZE=8192;TRACE_LEVEL_FILE=0"
            .formatted(file.toAbsolutePath()));
    config.setUsername("jobs");
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(BUSY.toMillis());
    try {
      JobDatabase database = new JobDatabase(config, false, "in " + file + ".mv.db");
      database.createSchema();
      return database;
    } catch (RuntimeException unusable) {
      throw new IOException(
          "the records of jobs in " + file + ".mv.db can't be opened: " + unusable.getMessage(),
          unusable);
    }
  }

  /**
   * Opens a database that several gateways share, making its tables where they are missing.
   *
   * @throws UnreachableRecordsException when it does not answer now
   * @throws IOException when it can't be used
   */
  static JobDatabase shared(Settings.JobsDatabase settings) throws IOException {
    HikariConfig config = new HikariConfig();
    config.setDataSourceClassName("org.postgresql.ds.PGSimpleDataSource");
    config.addDataSourceProperty("url", settings.url());
    config.setUsername(settings.user());
    settings.password().map(Secret::reveal).ifPresent(config::setPassword);
    config.addDataSourceProperty("applicationName", "spark-appliance");
    config.addDataSourceProperty("connectTimeout", Long.toString(UNREACHABLE.toSeconds()));
    config.addDataSourceProperty("socketTimeout", Long.toString(SILENT.toSeconds()));
    config.addDataSourceProperty("tcpKeepAlive", "true");
    config.setMaximumPoolSize(SHARED_CONNECTIONS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(UNREACHABLE.toMillis());
    // One dead connection must not use up the time in which a living one could be found.
    config.setValidationTimeout(VALIDATION.toMillis());
    // The first use tells what is wrong better than the pool does.
    config.setInitializationFailTimeout(-1);
    String address = settings.url().replaceFirst("\\?.*", "");
    JobDatabase database = new JobDatabase(config, true, "at " + address);
    try {
      database.createSchema();
      return database;
    } catch (IOException unusable) {
      database.close();
      throw unusable;
    }
  }

  /** Whether other gateways may use it as well. */
  boolean isShared() {
    return shared;
  }

  private void createSchema() throws IOException {
    // "If not exists" does not make it safe to do twice at once.
    oneAfterTheOther(
        connection -> {
          try (Statement statement = connection.createStatement()) {
            if (shared && hasSchema(statement)) {
              return null;
            }
            for (String sql : SCHEMA) {
              statement.execute(sql);
            }
            addColumns(statement);
            for (String sql : LATER_INDEXES) {
              statement.execute(sql);
            }
            if (shared) {
              statement.execute(
                  "insert into gateway_facts (name, fact) values ('%s', '%s') on conflict (name) do update set fact = excluded.fact"
                      .formatted(SCHEMA_FACT, SCHEMA_VERSION));
            }
          }
          return null;
        });
  }

  /** Gateways that come later need no right to make tables. */
  private static boolean hasSchema(Statement statement) throws SQLException {
    try (ResultSet table = statement.executeQuery("select to_regclass('gateway_facts')")) {
      if (!table.next() || table.getString(1) == null) {
        return false;
      }
    }
    try (ResultSet fact =
        statement.executeQuery(
            "select fact from gateway_facts where name = '" + SCHEMA_FACT + "'")) {
      return fact.next() && fact.getString(1).equals(SCHEMA_VERSION);
    }
  }

  /** Looks first: also to find a column there already, PostgreSQL waits until nobody reads. */
  private static void addColumns(Statement statement) throws SQLException {
    Set<String> known = new HashSet<>();
    try (ResultSet none = statement.executeQuery("select * from jobs where 1 = 0")) {
      for (int i = 1; i <= none.getMetaData().getColumnCount(); i++) {
        known.add(none.getMetaData().getColumnName(i).toLowerCase(Locale.ROOT));
      }
    }
    for (Map.Entry<String, String> column : LATER_COLUMNS.entrySet()) {
      if (!known.contains(column.getKey())) {
        statement.execute(
            "alter table jobs add column " + column.getKey() + " " + column.getValue());
      }
    }
  }

  /** What is done with a connection. */
  @FunctionalInterface
  interface Use<T> {
    /** Uses it. */
    T with(Connection connection) throws SQLException, IOException;
  }

  /** Each statement for itself. */
  <T> T run(Use<T> use) throws IOException {
    try (Connection connection = source.getConnection()) {
      return use.with(connection);
    } catch (SQLException failure) {
      IOException unusable = unusable(failure);
      if (unusable instanceof UnreachableRecordsException) {
        // Where one connection is dead, others are.
        source.getHikariPoolMXBean().softEvictConnections();
      }
      throw unusable;
    }
  }

  /** All or nothing. */
  <T> T atOnce(Use<T> use) throws IOException {
    return run(
        connection -> {
          connection.setAutoCommit(false);
          boolean done = false;
          try {
            T result = use.with(connection);
            connection.commit();
            done = true;
            return result;
          } finally {
            if (!done) {
              connection.rollback();
            }
          }
        });
  }

  /** All or nothing, and while no other gateway does such a thing: for what is made once. */
  <T> T oneAfterTheOther(Use<T> use) throws IOException {
    return atOnce(
        connection -> {
          if (shared) {
            connection.setNetworkTimeout(Runnable::run, Math.toIntExact(INDEXED.toMillis()));
            try (Statement statement = connection.createStatement()) {
              statement.execute("select pg_advisory_xact_lock(" + MAKING_LOCK + ")");
            }
          }
          return use.with(connection);
        });
  }

  /** The next try may succeed: {@link #PASSES}, or no answer in time. */
  private IOException unusable(SQLException failure) {
    // The pool says only that it waited too long.
    SQLException told =
        failure instanceof SQLTransientConnectionException
                && failure.getCause() instanceof SQLException cause
            ? cause
            : failure;
    String state = String.valueOf(told.getSQLState());
    String sentence = "the records of jobs %s can't be used: %s".formatted(name, told.getMessage());
    boolean passes =
        PASSES.stream().anyMatch(state::startsWith) || told instanceof SQLTransientException;
    return passes
        ? new UnreachableRecordsException(sentence, failure)
        : new IOException(sentence, failure);
  }

  /** From the system's cache to the disk; PostgreSQL does that by itself. */
  void flush(Connection connection) throws SQLException {
    if (!shared) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("checkpoint sync");
      }
    }
  }

  /** Reads a row. */
  @FunctionalInterface
  interface Row<T> {
    /** Reads the row at which the result stands. */
    T read(ResultSet result) throws SQLException, IOException;
  }

  /** The rows of a query. */
  <T> List<T> query(String sql, List<Object> values, Row<T> row) throws IOException {
    return run(connection -> query(connection, sql, values, row));
  }

  /** The rows of a query, within a transaction. */
  static <T> List<T> query(Connection connection, String sql, List<Object> values, Row<T> row)
      throws SQLException, IOException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, values);
      List<T> rows = new ArrayList<>();
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          rows.add(row.read(result));
        }
      }
      return rows;
    }
  }

  /** Changes rows; returns how many. */
  int update(String sql, List<Object> values) throws IOException {
    return run(connection -> update(connection, sql, values));
  }

  /** Changes rows within a transaction; returns how many. */
  static int update(Connection connection, String sql, List<Object> values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, values);
      return statement.executeUpdate();
    }
  }

  private static void bind(PreparedStatement statement, List<Object> values) throws SQLException {
    for (int i = 0; i < values.size(); i++) {
      statement.setObject(i + 1, values.get(i));
    }
  }

  @Override
  public void close() {
    source.close();
  }
}
