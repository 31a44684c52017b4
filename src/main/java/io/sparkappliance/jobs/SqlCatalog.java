package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What tables there are, as the thrift server tells the appliance's own user. */
public final class SqlCatalog {
  private final ClusterView cluster;
  private final SqlSessions sessions;

  SqlCatalog(ClusterView cluster, SqlSessions sessions) {
    this.cluster = cluster;
    this.sessions = sessions;
  }

  /**
   * A table or a view.
   *
   * @param name without its schema
   * @param view whether it is a view
   */
  public record Table(String name, boolean view) {}

  /**
   * A column of a table.
   *
   * @param name as it was created
   * @param type as SQL writes it, parameters included
   * @param comment of whoever has made it
   */
  public record TableColumn(String name, String type, Optional<String> comment) {}

  /** There is nothing of this name. */
  public static final class NoSuchNameException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoSuchNameException(String message, SQLException cause) {
      super(message, cause);
    }
  }

  /**
   * All catalogs that were used or configured.
   *
   * @throws UnavailableException when no thrift server answers
   */
  public List<String> catalogs() {
    return query("SHOW CATALOGS", row -> row.getString(1));
  }

  /**
   * Schemas of a catalog.
   *
   * @throws NoSuchNameException when there is no such catalog
   * @throws UnavailableException when no thrift server answers
   */
  public List<String> schemas(String catalog) {
    return query("SHOW SCHEMAS IN " + quoted(catalog), row -> row.getString(1));
  }

  /**
   * Tables and views of a schema.
   *
   * @throws NoSuchNameException when there is no such schema
   * @throws UnavailableException when no thrift server answers
   */
  public List<Table> tables(String catalog, String schema) {
    String where = quoted(catalog) + "." + quoted(schema);
    return run(
        statement -> {
          try {
            Set<String> views = new HashSet<>(names(statement, "SHOW VIEWS IN " + where));
            return names(statement, "SHOW TABLES IN " + where).stream()
                .map(name -> new Table(name, views.contains(name)))
                .toList();
          } catch (SQLException failure) {
            // Spark takes an unknown catalog for a schema here and says nothing of use; this does.
            statement.executeQuery("SHOW SCHEMAS IN " + quoted(catalog)).close();
            throw failure;
          }
        });
  }

  private static List<String> names(Statement statement, String sql) throws SQLException {
    List<String> names = new ArrayList<>();
    try (ResultSet result = statement.executeQuery(sql)) {
      while (result.next()) {
        // Temporary ones belong to a session, and this one is over soon.
        if (!result.getBoolean(3)) {
          names.add(result.getString(2));
        }
      }
    }
    return names;
  }

  /**
   * Columns of a table or view.
   *
   * @throws NoSuchNameException when there is no such table
   * @throws UnavailableException when no thrift server answers
   */
  public List<TableColumn> columns(String catalog, String schema, String table) {
    return run(
        statement -> {
          List<TableColumn> columns = new ArrayList<>();
          String name = quoted(catalog) + "." + quoted(schema) + "." + quoted(table);
          try (ResultSet result = statement.executeQuery("DESCRIBE TABLE " + name)) {
            // What follows the columns, about partitions for instance, begins with an empty line or
            // "#".
            while (result.next()
                && !result.getString(1).isEmpty()
                && !result.getString(1).startsWith("#")) {
              columns.add(
                  new TableColumn(
                      result.getString(1),
                      result.getString(2),
                      Optional.ofNullable(result.getString(3))
                          .filter(comment -> !comment.isEmpty())));
            }
          }
          return columns;
        });
  }

  private static String quoted(String name) {
    return '`' + name.replace("`", "``") + '`';
  }

  /** Reads a row. */
  @FunctionalInterface
  private interface Row<T> {
    T read(ResultSet result) throws SQLException;
  }

  /** Asks something. */
  @FunctionalInterface
  private interface Question<T> {
    T ask(Statement statement) throws SQLException;
  }

  private <T> List<T> query(String sql, Row<T> row) {
    return run(
        statement -> {
          List<T> rows = new ArrayList<>();
          try (ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
              rows.add(row.read(result));
            }
          }
          return rows;
        });
  }

  private <T> T run(Question<T> question) {
    if (cluster.thriftServer().isEmpty()) {
      throw noServer();
    }
    try (SqlSession session = sessions.borrow(cluster::thriftServer, () -> false);
        Statement statement = session.connection().createStatement()) {
      return question.ask(statement);
    } catch (SQLException failure) {
      JobError error = SqlErrors.describe(failure);
      // "42…" is a name or a rule that does not hold; everything else is the server's trouble.
      if (error.sqlState().filter(state -> state.startsWith("42")).isPresent()) {
        throw new NoSuchNameException(error.message(), failure);
      }
      throw new UnavailableException("the thrift server does not tell: " + error.message());
    }
  }

  static UnavailableException noServer() {
    return new UnavailableException(
        "no thrift server answers: start one with START_THRIFTSERVER=true on this node or on a"
            + " master's, or name one in THRIFT_SERVER");
  }
}
