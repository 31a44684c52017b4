package io.sparkappliance.cluster;

import java.lang.reflect.Field;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * While this is open, rows of a result are read without a question to the server for each. Hive's
 * driver asks before every row whether the statement is over ({@code HiveQueryResultSet.next}, of
 * Hive 2.3.10), although it has waited for that before it gave the result out: most of the time
 * that a large result takes. It does not ask where a result knows no statement.
 */
public final class UnaskedRows implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UnaskedRows.class);

  private final Optional<Field> field;
  private final ResultSet result;
  private final Optional<Statement> statement;

  private UnaskedRows(Optional<Field> field, ResultSet result, Optional<Statement> statement) {
    this.field = field;
    this.result = result;
    this.statement = statement;
  }

  /**
   * Begins with that; where the driver is another one, rows are read as it likes.
   *
   * @param result of a statement that was executed; to be closed after this
   */
  public static UnaskedRows of(ResultSet result) {
    try {
      Optional<Field> field = field(result.getClass());
      if (field.isPresent() && field.get().get(result) instanceof Statement known) {
        field.get().set(result, null);
        return new UnaskedRows(field, result, Optional.of(known));
      }
    } catch (ReflectiveOperationException | RuntimeException another) {
      LOG.debug("rows are read as the driver likes", another);
    }
    return new UnaskedRows(Optional.empty(), result, Optional.empty());
  }

  /** Whether it is so. */
  boolean isUnasked() {
    return statement.isPresent();
  }

  private static Optional<Field> field(Class<?> type) throws NoSuchFieldException {
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      if (each.getName().equals("org.apache.hive.jdbc.HiveBaseResultSet")) {
        Field field = each.getDeclaredField("statement");
        field.setAccessible(true);
        return Optional.of(field);
      }
    }
    return Optional.empty();
  }

  /** The result knows its statement again, which it ends when it is closed. */
  @Override
  public void close() {
    try {
      if (field.isPresent()) {
        field.get().set(result, statement.orElseThrow());
      }
    } catch (IllegalAccessException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
