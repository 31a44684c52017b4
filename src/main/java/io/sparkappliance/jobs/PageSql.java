package io.sparkappliance.jobs;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The statement that reads a page of jobs, newest first: so that it takes no longer when very many
 * are stored, each part of it is the beginning of an index (see {@link JobDatabase}).
 *
 * <p>An index is in the order of pages only for one kind and one state. Where several are meant,
 * the page is made of the first jobs of each.
 */
final class PageSql {
  private static final String NEWEST = "submitted desc, id desc limit ?";
  private static final long ALL_TIME = Long.MAX_VALUE;

  private final List<Object> values = new ArrayList<>();
  private final String columns;
  private final JobQuery query;
  private final int rows;

  /**
   * For some of the columns.
   *
   * @param columns separated by commas
   * @param rows at most so many
   */
  PageSql(String columns, JobQuery query, int rows) {
    this.columns = columns;
    this.query = query;
    this.rows = rows;
  }

  /** The values of the statement's markers; complete when {@link #text} was called. */
  List<Object> values() {
    return values;
  }

  /** The statement; to be called once. */
  String text() {
    if (query.states().isEmpty() && query.kind().isEmpty()) {
      return part(columns, "", "");
    }
    Set<JobState> states =
        query.states().isEmpty() ? EnumSet.allOf(JobState.class) : query.states();
    Collection<JobKind> kinds =
        query.kind().<Collection<JobKind>>map(List::of).orElse(EnumSet.allOf(JobKind.class));
    List<String> parts = new ArrayList<>();
    for (JobKind kind : kinds) {
      for (JobState state : states) {
        // No markers: the database plans for these.
        parts.add(
            part(
                columns + ", submitted",
                " and state = '%s' and kind = '%s'".formatted(state.name(), kind.name()),
                "state, kind, "));
      }
    }
    String all = "(" + String.join(") union all (", parts) + ")";
    values.add(rows);
    return "select " + columns + " from (" + all + ") as pages order by " + NEWEST;
  }

  /**
   * The order begins with what is the same in all rows, like the index: otherwise H2 does not see
   * that it is the index's, and sorts all of a busy owner's jobs.
   */
  private String part(String selected, String conditions, String constants) {
    StringBuilder sql =
        new StringBuilder("select " + selected + " from jobs where 1 = 1" + conditions);
    query.owner().ifPresent(name -> add(sql, " and owner = ?", name));
    query
        .name()
        .ifPresent(
            part ->
                add(
                    sql,
                    " and lower(name) like ? escape '!'",
                    "%" + escaped(part.toLowerCase(Locale.ROOT)) + "%"));
    query.from().ifPresent(at -> add(sql, " and submitted >= ?", micros(at)));
    query.before().ifPresent(at -> add(sql, " and submitted < ?", micros(at)));
    // Also where all are meant: with a bound H2 takes the index that is in the order of pages.
    add(sql, " and submitted <= ?", query.after().map(JobQuery.Cursor::micros).orElse(ALL_TIME));
    query
        .after()
        .ifPresent(
            cursor -> {
              // The bound alone is what an index understands.
              add(sql, " and (submitted < ?", cursor.micros());
              add(sql, " or id < ?)", cursor.id().value());
            });
    String owner = query.owner().isPresent() ? "owner, " : "";
    add(sql, " order by " + owner + constants + NEWEST, rows);
    return sql.toString();
  }

  private void add(StringBuilder sql, String text, Object value) {
    sql.append(text);
    values.add(value);
  }

  private static Object micros(Instant at) {
    return JobQuery.micros(at);
  }

  private static String escaped(String part) {
    return part.replace("!", "!!").replace("%", "!%").replace("_", "!_");
  }
}
