package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.cluster.UnaskedRows;
import io.sparkappliance.cluster.Work;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MemorySize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a script's statements one after the other, in one session. */
final class SqlRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SqlRunner.class);
  static final String SCRIPT = "script.sql";

  private static final int FETCH_SIZE = 1000;

  /** After which a statement that was cancelled should have ended. */
  private static final Duration CANCELLATION = Duration.ofSeconds(3);

  private final ClusterView cluster;
  private final SqlSessions sessions;
  private final NamedSessions named;

  SqlRunner(ClusterView cluster, SqlSessions sessions, NamedSessions named) {
    this.cluster = cluster;
    this.sessions = sessions;
    this.named = named;
  }

  /** The sessions that users have named. */
  NamedSessions named() {
    return named;
  }

  /** Takes note that a script has its session, and begins. */
  @FunctionalInterface
  interface Beginning {
    /**
     * Called once, before the first statement.
     *
     * @param application the server's Spark application, where it is known
     */
    void begun(Optional<SparkApplication> application) throws IOException;
  }

  /** A handle on a script that runs, or is about to. */
  static final class Run {
    private final AtomicReference<Statement> current = new AtomicReference<>();
    private volatile boolean cancelled;
    private boolean over;
    private Optional<SqlSession> session = Optional.empty();
    private int statements = 1;
    private int done;
    private double part;

    /**
     * Makes the running statement fail, and every one after it; returns when that is done, or can't
     * be.
     */
    void cancel() {
      cancelled = true;
      end(Statement::cancel);
      // Hive's driver drops a wish that comes before the server has named the operation, and every
      // one after it: then the operation has to be closed.
      if (!awaitEnd()) {
        end(Statement::close);
      }
    }

    /** A way to end a statement. */
    @FunctionalInterface
    private interface Ending {
      void of(Statement statement) throws SQLException;
    }

    private void end(Ending how) {
      Statement statement = current.get();
      if (statement != null) {
        try {
          how.of(statement);
        } catch (SQLException | RuntimeException gone) {
          LOG.debug("a statement could not be ended", gone);
        }
      }
    }

    private synchronized boolean awaitEnd() {
      long deadline = System.nanoTime() + CANCELLATION.toNanos();
      long left = CANCELLATION.toMillis();
      try {
        while (!over && left > 0) {
          wait(left);
          left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        }
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
      return over;
    }

    /** Nothing of it is left to be ended. */
    synchronized void end() {
      over = true;
      notifyAll();
    }

    private void use(Statement statement) throws JobFailure {
      current.set(statement);
      if (cancelled) {
        throw new JobFailure("interrupted");
      }
    }

    synchronized void begin(SqlSession where, int count) {
      session = Optional.of(where);
      statements = count;
    }

    private synchronized void endStatement() {
      current.set(null);
      done++;
      part = 0;
    }

    /** Where it runs; empty before it does. */
    synchronized Optional<SqlSession> session() {
      return session;
    }

    /**
     * How far a run is.
     *
     * @param work of the statement that runs
     * @param percent of the script
     */
    record Step(Work work, int percent) {}

    /**
     * How far it is. Each statement counts as much as any other, and of the one that runs the part
     * of the tasks that are done. Spark plans some stages only when others are over: where that
     * makes the part smaller, the larger one stands.
     *
     * @param groups what the driver has done and has to do, by job groups
     */
    synchronized Step step(Map<String, Work> groups) {
      Work work =
          Optional.ofNullable(current.get())
              .flatMap(HiveJdbc::jobGroup)
              .map(group -> groups.getOrDefault(group, Work.NONE))
              .orElse(Work.NONE);
      part = Math.max(part, work.part());
      return new Step(work, (int) Math.min(100, 100 * (done + part) / statements));
    }
  }

  /** What tables there are. */
  SqlCatalog catalog() {
    return new SqlCatalog(cluster, sessions);
  }

  /** Whether a thrift server takes connections now. */
  boolean isAvailable() {
    return cluster.thriftServer().isPresent();
  }

  /**
   * Runs a script to its end.
   *
   * @param id the job's
   * @param request who runs it, with which settings
   * @param directory the job's directory, with the script; results go there, see {@link
   *     ResultWriter}
   * @param maxBytes size that the results may have
   * @param run the handle to cancel it by
   * @param beginning is told when it begins
   * @throws JobFailure when a statement fails; results before it are kept
   * @throws IOException when a file can't be read or written
   */
  void run(
      JobId id, SqlRequest request, Path directory, long maxBytes, Run run, Beginning beginning)
      throws JobFailure, IOException {
    List<String> statements = SqlScript.split(Files.readString(directory.resolve(SCRIPT)));
    try (ResultWriter results = new ResultWriter(directory, maxBytes)) {
      SqlSession session = login(id, request, run);
      try {
        run.begin(session, statements.size());
        beginning.begun(
            session.application().map(it -> new SparkApplication(it, Optional.empty())));
        runAll(session, request, statements, results, run);
      } finally {
        run.end();
        end(session);
      }
    }
  }

  private SqlSession login(JobId id, SqlRequest request, Run run) throws JobFailure, IOException {
    if (request.session().isEmpty() && request.username().isEmpty()) {
      return borrow(run);
    }
    HostAndPort server =
        cluster
            .thriftServer()
            .orElseThrow(() -> new JobFailure(new SqlSessions.NoServerException().getMessage()));
    try {
      return request.username().isPresent()
          ? sessions.open(server, request.username().get(), request.password())
          : named.use(id, server);
    } catch (SQLException refused) {
      JobError error = SqlErrors.describe(refused);
      throw new JobFailure(
          new JobError(
              "no session on the thrift server at " + server + ": " + error.message(),
              error.errorClass(),
              error.sqlState(),
              error.line(),
              error.position()),
          refused);
    }
  }

  private SqlSession borrow(Run run) throws JobFailure {
    try {
      return sessions.borrow(cluster::thriftServer, () -> run.cancelled);
    } catch (SqlSessions.NoServerException none) {
      throw new JobFailure(none.getMessage());
    } catch (SQLException refused) {
      throw new JobFailure(SqlErrors.describe(refused), refused);
    }
  }

  private static void runAll(
      SqlSession session,
      SqlRequest request,
      List<String> statements,
      ResultWriter results,
      Run run)
      throws JobFailure, IOException {
    try {
      for (Map.Entry<String, String> setting : request.settings().entrySet()) {
        try (Statement statement = session.connection().createStatement()) {
          run.use(statement);
          statement.execute(set(setting));
        }
      }
      for (String sql : statements) {
        // One of its own for each: what is left of the last one's work is not the next one's.
        try (Statement statement = session.connection().createStatement()) {
          run.use(statement);
          statement.setFetchSize(FETCH_SIZE);
          if (statement.execute(request.parameters().bind(sql))) {
            try (ResultSet result = statement.getResultSet();
                UnaskedRows _ = UnaskedRows.of(result)) {
              results.write(result, () -> timeZone(session));
            }
          }
        }
        run.endStatement();
      }
    } catch (SQLException | RuntimeException | LinkageError failure) {
      // The driver throws all three: for a type it does not know, for instance.
      throw new JobFailure(SqlErrors.describe(failure), failure);
    }
  }

  private static Optional<String> timeZone(SqlSession session) throws SQLException {
    try (Statement statement = session.connection().createStatement();
        ResultSet setting = statement.executeQuery("SET spark.sql.session.timeZone")) {
      return setting.next() ? Optional.ofNullable(setting.getString(2)) : Optional.empty();
    }
  }

  /** Says that a job left more behind than it may. */
  static String tooMuch(long maxBytes) {
    return "it left more than "
        + new MemorySize(maxBytes)
        + " behind (the operator's setting MAX_JOB_OUTPUT); write large results to a table or to"
        + " files instead";
  }

  /** The statement for a setting. */
  static String set(Map.Entry<String, String> setting) {
    return "SET " + quoted(setting.getKey()) + "=" + quoted(setting.getValue());
  }

  private static String quoted(String text) {
    return '`' + text.replace("`", "``") + '`';
  }

  private static void end(SqlSession session) {
    try {
      session.close();
    } catch (SQLException gone) {
      LOG.debug("a session could not be closed", gone);
    }
  }

  @Override
  public void close() {
    named.close();
    sessions.close();
  }
}
