import org.apache.hadoop.hive.ql.exec.UDF;

/**
 * A function for SQL. In a jar that {@code EXT_JARS} names, {@code create temporary function
 * reversed as 'Reversed'} makes it known to a session.
 */
public final class Reversed extends UDF {
  /** The text backwards; null for null. */
  public String evaluate(String text) {
    return text == null ? null : new StringBuilder(text).reverse().toString();
  }
}
