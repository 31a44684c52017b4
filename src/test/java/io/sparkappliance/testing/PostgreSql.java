package io.sparkappliance.testing;

import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/** A PostgreSQL server of its own process, with a database for each test. */
public final class PostgreSql implements AutoCloseable {
  private static final String USER = "postgres";

  private final Path directory;
  private EmbeddedPostgres server;
  private int databases;

  private PostgreSql(Path directory, EmbeddedPostgres server) {
    this.directory = directory;
    this.server = server;
  }

  /**
   * Starts one.
   *
   * @param directory for its data; must not exist
   */
  public static PostgreSql start(Path directory) throws IOException {
    return new PostgreSql(directory, builder(directory).start());
  }

  private static EmbeddedPostgres.Builder builder(Path directory) {
    return EmbeddedPostgres.builder().setDataDirectory(directory).setCleanDataDirectory(false);
  }

  /** A new database, with nothing in it. */
  public Settings.JobsDatabase database() throws SQLException {
    databases++;
    String name = "test" + databases;
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name);
    }
    return new Settings.JobsDatabase(
        "jdbc:postgresql://127.0.0.1:%d/%s".formatted(server.getPort(), name),
        USER,
        Optional.of(new Secret("any")));
  }

  /** Stops it; clients lose their connections. */
  public void stop() throws IOException {
    server.close();
  }

  /** Starts it again, with what was in it, at the same port. */
  public void startAgain() throws IOException {
    server = builder(directory).setPort(server.getPort()).start();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
