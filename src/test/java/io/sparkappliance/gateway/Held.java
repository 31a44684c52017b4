package io.sparkappliance.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/**
 * Keeps jobs in states that pass quickly: while it holds, a job named {@code starting…} is not
 * written down as running, and one named {@code ended…} not as succeeded.
 */
interface Held {
  /** What the gateway's process needs for it. */
  default String[] options() {
    return new String[0];
  }

  /** Begins to hold; the tables are there, and a gateway's own ones are not open. */
  void hold() throws SQLException, IOException;

  /** Lets what is held be written. */
  void release() throws SQLException, IOException;

  /** What is held is not written any more, for its writer is dead. */
  void drop() throws SQLException, IOException;

  /** In the records of a single gateway, which nobody else can open while it runs. */
  record Own(Path folder, Path records) implements Held {
    @Override
    public String[] options() {
      return new String[] {"-D" + HeldRecord.FOLDER + "=" + folder};
    }

    @Override
    public void hold() throws SQLException, IOException {
      Files.createFile(folder.resolve("hold"));
      try (Connection connection =
              DriverManager.getConnection("jdbc:h2:async:" + records, "jobs", "");
          Statement statement = connection.createStatement()) {
        statement.execute(
            "create trigger held before update on jobs for each row call '%s'"
                .formatted(HeldRecord.class.getName()));
      }
    }

    @Override
    public void release() throws IOException {
      Files.deleteIfExists(folder.resolve("hold"));
    }

    @Override
    public void drop() throws IOException {
      release();
    }
  }

  /** In a database that gateways share. */
  final class Shared implements Held {
    private static final int LOCK = 4711;
    private final String url;
    private final String user;
    private Connection holding;

    Shared(Map<String, String> variables) {
      url = variables.get("JOBS_DATABASE");
      user = variables.get("JOBS_DATABASE_USER");
    }

    @Override
    public void hold() throws SQLException {
      holding = DriverManager.getConnection(url, user, "any");
      execute("select pg_advisory_lock(" + LOCK + ")");
      execute(
          """
          create function held() returns trigger language plpgsql as $$
          begin
            if new.name like 'starting%%' and new.state = 'RUNNING'
                or new.name like 'ended%%' and new.state = 'SUCCEEDED' then
              perform pg_advisory_xact_lock_shared(%d);
            end if;
            return new;
          end $$
          """
              .formatted(LOCK));
      execute("create trigger held before update on jobs for each row execute function held()");
    }

    @Override
    public void release() throws SQLException {
      holding.close();
    }

    @Override
    public void drop() throws SQLException {
      execute(
          "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not"
              + " granted");
      release();
    }

    private void execute(String sql) throws SQLException {
      try (Statement statement = holding.createStatement()) {
        if (statement.execute(sql)) {
          try (ResultSet rows = statement.getResultSet()) {
            rows.next();
          }
        }
      }
    }
  }
}
