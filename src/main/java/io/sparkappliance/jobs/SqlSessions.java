package io.sparkappliance.jobs;

import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/**
 * Sessions on the thrift server. The appliance's own user finds one open: logging in takes longer
 * than most small queries. A session is used for one job and then closed, because whatever a script
 * leaves behind in it (variables, temporary views, the current database) is nobody else's business.
 */
final class SqlSessions implements AutoCloseable {
  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(SqlSessions.class);

  /** For a server that is being restarted, or that moves to another node. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** After which it is asked again where the server is; the login goes on, for whoever is next. */
  private static final Duration ATTEMPT = Duration.ofSeconds(3);

  private static final Duration NEXT_LOOK = Duration.ofMillis(200);

  /** In less time no server ends and another one is there in its place. */
  private static final Duration SAME_SERVER = Duration.ofSeconds(5);

  /** Becomes part of addresses. */
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,99}");

  private final Path sparkHome;
  private final String user;
  private final Secret password;

  private Optional<HiveJdbc> driver = Optional.empty();
  private Optional<HostAndPort> warmServer = Optional.empty();
  private Optional<WarmSessions> warm = Optional.empty();

  /**
   * Logs nobody in yet.
   *
   * @param sparkHome where the driver is
   * @param user the appliance's own SQL user
   * @param password its password
   */
  SqlSessions(Path sparkHome, String user, Secret password) {
    this.sparkHome = sparkHome;
    this.user = user;
    this.password = password;
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
    // To wait for that would be in vain.
    HiveJdbc _ = driver();
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

  private static SQLException refused(HostAndPort server, SQLException trouble) {
    return new SQLException(
        "no session on the thrift server at " + server + ": " + trouble.getMessage(),
        trouble.getSQLState(),
        trouble);
  }

  private SqlSession borrow(HostAndPort server) throws SQLException {
    WarmSessions source = warm(server);
    WarmSessions.Warm taken = source.take(ATTEMPT);
    return new SqlSession(server, taken.connection(), taken.application(), source::giveBack);
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

  private synchronized WarmSessions warm(HostAndPort server) throws SQLException {
    if (!warmServer.equals(Optional.of(server))) {
      warm.ifPresent(WarmSessions::close);
      warm = Optional.of(new WarmSessions(new OwnLogin(driver(), server)));
      warmServer = Optional.of(server);
    }
    return warm.orElseThrow();
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
    warm.ifPresent(WarmSessions::close);
    warm = Optional.empty();
    warmServer = Optional.empty();
  }

  /** Logs the appliance's own user in at one server. */
  private final class OwnLogin implements WarmSessions.Login {
    private final HiveJdbc jdbc;
    private final HostAndPort server;
    private volatile Told told = new Told("", 0);

    OwnLogin(HiveJdbc jdbc, HostAndPort server) {
      this.jdbc = jdbc;
      this.server = server;
    }

    /**
     * What a session was told.
     *
     * @param id of the application; empty: nothing
     * @param at by {@link System#nanoTime}
     */
    private record Told(String id, long at) {}

    @Override
    public WarmSessions.Warm open() throws SQLException {
      Connection connection = jdbc.connect(server, user, password);
      return new WarmSessions.Warm(connection, own(connection), System.nanoTime());
    }

    private Optional<String> own(Connection connection) {
      Told last = told;
      if (!last.id().isEmpty() && System.nanoTime() - last.at() < SAME_SERVER.toNanos()) {
        return Optional.of(last.id());
      }
      Optional<String> asked = application(connection);
      asked.ifPresent(id -> told = new Told(id, System.nanoTime()));
      return asked;
    }
  }
}
