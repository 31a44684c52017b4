package io.sparkappliance.jobs;

import io.sparkappliance.settings.HostAndPort;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** A session on a thrift server, for one job. */
final class SqlSession implements AutoCloseable {
  /** Ends a session. */
  @FunctionalInterface
  interface Ending {
    /** Gives up the connection. */
    void end(Connection connection) throws SQLException;
  }

  private final HostAndPort server;
  private final Connection connection;
  private final Optional<String> application;
  private final Ending ending;

  /**
   * Takes a connection.
   *
   * @param server who serves it
   * @param application id of the server's Spark application, where it is known
   * @param ending what to do in the end
   */
  SqlSession(
      HostAndPort server, Connection connection, Optional<String> application, Ending ending) {
    this.server = server;
    this.connection = connection;
    this.application = application;
    this.ending = ending;
  }

  HostAndPort server() {
    return server;
  }

  Optional<String> application() {
    return application;
  }

  Connection connection() {
    return connection;
  }

  @Override
  public void close() throws SQLException {
    ending.end(connection);
  }
}
