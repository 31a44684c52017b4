package io.sparkappliance.jobs;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.slf4j.LoggerFactory;

/**
 * Sessions on the thrift server. The appliance's own user finds one open: logging in takes longer
 * than most small queries. A session is used for one job and then closed, because whatever a script
 * leaves behind in it (variables, temporary views, the current database) is nobody else's business.
 */
final class SqlSessions implements AutoCloseable {
  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(SqlSessions.class);

  private static final int WARM_SESSIONS = 2;

  /** For a server that is being restarted, or that moves to another node. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** After which it is asked again where the server is; the login goes on, for whoever is next. */
  private static final Duration ATTEMPT = Duration.ofSeconds(3);

  private static final Duration NEXT_LOOK = Duration.ofMillis(200);

  /** A warm session holds memory in the driver, and a firewall may forget it: renew it. */
  private static final Duration MAX_AGE = Duration.ofMinutes(10);

  /** Becomes part of addresses. */
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,99}");

  private final Path sparkHome;
  private final String user;
  private final Secret password;
  private final int maxSessions;

  /** By sessions of the pool. */
  private final Map<Connection, String> applications =
      Collections.synchronizedMap(new WeakHashMap<>());

  private Optional<HiveJdbc> driver = Optional.empty();
  private Optional<HostAndPort> poolServer = Optional.empty();
  private Optional<HikariDataSource> pool = Optional.empty();

  /**
   * Logs nobody in yet.
   *
   * @param sparkHome where the driver is
   * @param user the appliance's own SQL user
   * @param password its password
   * @param maxSessions jobs that run at once
   */
  SqlSessions(Path sparkHome, String user, Secret password, int maxSessions) {
    this.sparkHome = sparkHome;
    this.user = user;
    this.password = password;
    this.maxSessions = maxSessions;
  }

  /** For a while no server was found. */
  static final class NoServerException extends SQLException {
    private static final long serialVersionUID = 1;

    NoServerException() {
      super("the thrift server does not answer any more");
    }
  }

  /**
   * A session of the appliance's own user, warm where possible. Waits a while for one: what has not
   * begun loses nothing by it.
   *
   * @param servers where a server listens now, asked again and again
   * @param inVain whether nobody waits any more
   * @throws NoServerException when there was none
   * @throws SQLException when nobody can log in there
   */
  SqlSession borrow(Supplier<Optional<HostAndPort>> servers, BooleanSupplier inVain)
      throws SQLException {
    long begin = System.nanoTime();
    while (true) {
      Optional<HostAndPort> server = servers.get();
      SQLException trouble;
      try {
        return borrow(server.orElseThrow(NoServerException::new));
      } catch (SQLException notNow) {
        trouble = notNow;
      }
      boolean over = System.nanoTime() - begin > PATIENCE.toNanos();
      if (over || inVain.getAsBoolean() || Thread.currentThread().isInterrupted()) {
        throw server.isPresent() ? refused(server.get(), trouble) : trouble;
      }
      LockSupport.parkNanos(NEXT_LOOK.toNanos());
    }
  }

  /** The pool's own words say less than those of the driver, which it had them from. */
  private static SQLException refused(HostAndPort server, SQLException trouble) {
    SQLException reason = trouble.getCause() instanceof SQLException cause ? cause : trouble;
    return new SQLException(
        "no session on the thrift server at " + server + ": " + reason.getMessage(),
        reason.getSQLState(),
        reason);
  }

  private SqlSession borrow(HostAndPort server) throws SQLException {
    HikariDataSource source = pool(server);
    Connection borrowed = source.getConnection();
    return new SqlSession(
        server,
        borrowed,
        Optional.ofNullable(applications.get(borrowed.unwrap(Connection.class))),
        connection -> {
          source.evictConnection(connection);
          connection.close();
        });
  }

  /**
   * A session of the appliance's own user that is closed when its user says so.
   *
   * @throws SQLException when nobody can log in there
   */
  SqlSession open(HostAndPort server) throws SQLException {
    return open(server, user, Optional.empty());
  }

  /**
   * A session of somebody else.
   *
   * @param server where the thrift server listens
   * @param name who logs in
   * @param secret the password; empty: the appliance's own
   * @throws SQLException when the login is refused
   */
  SqlSession open(HostAndPort server, String name, Optional<Secret> secret) throws SQLException {
    Connection connection = driver().connect(server, name, secret.orElse(password));
    return new SqlSession(server, connection, application(connection), Connection::close);
  }

  /** The id of the server's application, as its driver tells each session. */
  private static Optional<String> application(Connection connection) {
    try (Statement statement = connection.createStatement();
        ResultSet setting = statement.executeQuery("SET spark.app.id")) {
      return setting.next()
          ? Optional.ofNullable(setting.getString(2)).filter(id -> ID.matcher(id).matches())
          : Optional.empty();
    } catch (SQLException | RuntimeException unknown) {
      LOG.debug("the application of a session is not known", unknown);
      return Optional.empty();
    }
  }

  /** A session that a job will find open. */
  private Connection warm(HiveJdbc jdbc, HostAndPort server) throws SQLException {
    Connection connection = jdbc.connect(server, user, password);
    application(connection).ifPresent(id -> applications.put(connection, id));
    return connection;
  }

  private synchronized HikariDataSource pool(HostAndPort server) throws SQLException {
    if (!poolServer.equals(Optional.of(server))) {
      pool.ifPresent(HikariDataSource::close);
      HiveJdbc jdbc = driver();
      HikariConfig config = new HikariConfig();
      config.setPoolName("sql");
      config.setDataSource(new Logins(() -> warm(jdbc, server)));
      config.setMinimumIdle(WARM_SESSIONS);
      config.setMaximumPoolSize(maxSessions + WARM_SESSIONS);
      config.setMaxLifetime(MAX_AGE.toMillis());
      config.setConnectionTimeout(ATTEMPT.toMillis());
      // A thrift server that is only just starting is no reason to give up.
      config.setInitializationFailTimeout(-1);
      pool = Optional.of(new HikariDataSource(config));
      poolServer = Optional.of(server);
    }
    return pool.orElseThrow();
  }

  private synchronized HiveJdbc driver() throws SQLException {
    if (driver.isEmpty()) {
      try {
        driver = Optional.of(HiveJdbc.load(sparkHome));
      } catch (IOException absent) {
        throw new SQLException("no JDBC driver: " + absent.getMessage(), absent);
      }
    }
    return driver.orElseThrow();
  }

  @Override
  public synchronized void close() {
    pool.ifPresent(HikariDataSource::close);
    pool = Optional.empty();
    poolServer = Optional.empty();
  }

  /** Opens a connection. */
  @FunctionalInterface
  private interface Login {
    Connection open() throws SQLException;
  }

  /** The least a pool wants to know. */
  private static final class Logins implements DataSource {
    private final Login login;

    Logins(Login login) {
      this.login = login;
    }

    @Override
    public Connection getConnection() throws SQLException {
      return login.open();
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
      return login.open();
    }

    @Override
    public PrintWriter getLogWriter() {
      return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {}

    @Override
    public void setLoginTimeout(int seconds) {
      // Hive's driver would take it for the limit of every single answer, and cut long queries off.
    }

    @Override
    public int getLoginTimeout() {
      return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
      throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      throw new SQLException("wraps nothing");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
      return false;
    }
  }
}
