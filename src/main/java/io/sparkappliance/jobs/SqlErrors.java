package io.sparkappliance.jobs;

import java.sql.SQLException;
import java.util.regex.Pattern;

/** What a failed statement tells its author. */
final class SqlErrors {
  /** Class names that wrap the message on its way through the thrift server. */
  private static final Pattern WRAPPING =
      Pattern.compile(
          "^(?:org\\.apache\\.hive\\.service\\.cli\\.HiveSQLException: )?"
              + "(?:Error running query: )?"
              + "(?:\\[[A-Z0-9_.]+\\] [\\w.$]+(?:Exception|Error): )?(?=\\S)");

  private static final Pattern STACK_TRACE = Pattern.compile("\\R+\\tat .*", Pattern.DOTALL);

  private SqlErrors() {}

  /**
   * The message without Java's class names and stack traces, with the SQL state when there is one.
   */
  static String describe(Throwable failure) {
    String message = failure.getMessage();
    if (message == null || message.isBlank()) {
      return failure.getClass().getSimpleName();
    }
    String text =
        WRAPPING.matcher(STACK_TRACE.matcher(message).replaceFirst("")).replaceFirst("").strip();
    boolean named =
        failure instanceof SQLException sql
            && sql.getSQLState() != null
            && !text.contains("SQLSTATE");
    return named ? text + " SQLSTATE: " + ((SQLException) failure).getSQLState() : text;
  }
}
