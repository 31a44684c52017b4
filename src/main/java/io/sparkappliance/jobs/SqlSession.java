package io.sparkappliance.jobs;

import java.sql.Connection;
import java.sql.SQLException;

/** A session on a thrift server, for one job. */
final class SqlSession implements AutoCloseable {
  /** Ends a session. */
  @FunctionalInterface
  interface Ending {
    /** Gives up the connection. */
    void end(Connection connection) throws SQLException;
  }

  private final Connection connection;
  private final Ending ending;

  SqlSession(Connection connection, Ending ending) {
    this.connection = connection;
    this.ending = ending;
  }

  Connection connection() {
    return connection;
  }

  @Override
  public void close() throws SQLException {
    ending.end(connection);
  }
}
