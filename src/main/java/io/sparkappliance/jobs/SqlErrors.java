package io.sparkappliance.jobs;

import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a failed statement tells its author. */
final class SqlErrors {
  /** What Hive's driver and the thrift server put in front of a message. */
  private static final Pattern PREFIX =
      Pattern.compile(
          "^(?:org\\.apache\\.hive\\.service\\.cli\\.HiveSQLException: )?(?:Error running query: )?");

  /** Spark's name of the error, and the Java class that carried it. */
  private static final Pattern CLASS_NAME =
      Pattern.compile("^(\\[[A-Z0-9_.]+\\] )[\\w.$]+(?:Exception|Error):\\s*");

  private static final Pattern ERROR_CLASS = Pattern.compile("^\\[([A-Z0-9_.]+)\\]");
  private static final Pattern STATE = Pattern.compile("SQLSTATE: ([0-9A-Z]{5})");

  /** As Spark writes it behind the message, or, for a syntax error, in a line of its own. */
  private static final Pattern PLACE =
      Pattern.compile("line (\\d{1,9}),? pos(?:ition)? (\\d{1,9})");

  private static final Pattern STACK_TRACE = Pattern.compile("\\R+\\tat .*", Pattern.DOTALL);

  /** ISO/IEC 9075-3: an error for which there is no other state. */
  private static final String GENERAL_ERROR = "HY000";

  private SqlErrors() {}

  /**
   * The message without Java's class names and stack traces, with the SQL state when there is one.
   */
  static JobError describe(Throwable failure) {
    String message = message(failure);
    Optional<String> state =
        first(STATE, message)
            .or(
                () ->
                    failure instanceof SQLException sql
                        ? Optional.ofNullable(sql.getSQLState())
                        : Optional.empty())
            // So that it can be told from what the gateway itself says.
            .or(() -> Optional.of(GENERAL_ERROR));
    Matcher place = PLACE.matcher(message);
    boolean placed = place.find();
    return new JobError(
        message,
        first(ERROR_CLASS, message),
        state,
        placed ? OptionalInt.of(Integer.parseInt(place.group(1))) : OptionalInt.empty(),
        placed ? OptionalInt.of(Integer.parseInt(place.group(2))) : OptionalInt.empty());
  }

  private static Optional<String> first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private static String message(Throwable failure) {
    String message = failure.getMessage();
    if (message == null || message.isBlank()) {
      return failure.getClass().getSimpleName();
    }
    String bare = STACK_TRACE.matcher(PREFIX.matcher(message).replaceFirst("")).replaceFirst("");
    String text = withoutClass(bare).strip();
    boolean named =
        failure instanceof SQLException sql
            && sql.getSQLState() != null
            && !text.contains("SQLSTATE");
    return named ? text + " SQLSTATE: " + ((SQLException) failure).getSQLState() : text;
  }

  private static String withoutClass(String message) {
    Matcher matcher = CLASS_NAME.matcher(message);
    if (!matcher.find()) {
      return message;
    }
    // Most messages begin with the error's name once more; a syntax error does not.
    String rest = message.substring(matcher.end());
    return rest.startsWith("[") ? rest : matcher.group(1) + rest;
  }
}
