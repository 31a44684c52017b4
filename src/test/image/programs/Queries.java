import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks the same again and again; connects anew when it was refused. Arguments: URL, password file,
 * query, milliseconds between two.
 */
public final class Queries {
  private static final String RIGHT = "499500";

  private Queries() {}

  public static void main(String[] arguments) throws Exception {
    String password = Files.readString(Path.of(arguments[1])).strip();
    // In seconds; of this driver it is also how long an answer may take.
    DriverManager.setLoginTimeout(20);
    Connection connection = null;
    while (true) {
      try {
        if (connection == null) {
          connection = DriverManager.getConnection(arguments[0], "somebody", password);
        }
        ask(connection, arguments[2]);
      } catch (SQLException refused) {
        System.out.println("refused " + Instant.now() + " " + refused.getMessage());
        close(connection);
        connection = null;
      }
      LockSupport.parkNanos(Duration.ofMillis(Long.parseLong(arguments[3])).toNanos());
    }
  }

  private static void ask(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      String answer = rows.getString(1);
      System.out.println(
          (RIGHT.equals(answer) ? "answer " : "wrong " + answer + " ") + Instant.now());
    }
  }

  private static void close(Connection connection) {
    if (connection != null) {
      // It would wait for a server that is gone.
      new Thread(() -> closeQuietly(connection)).start();
    }
  }

  private static void closeQuietly(Connection connection) {
    try {
      connection.close();
    } catch (SQLException gone) {
      // That is why.
    }
  }
}
