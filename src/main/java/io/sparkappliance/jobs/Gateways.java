package io.sparkappliance.jobs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The gateways that hold jobs of a database. Each has a row there for as long as it lives, and
 * shows by a number that grows that it does. Whose row is gone holds nothing any more, and can't
 * change that by itself: other gateways claim its jobs.
 *
 * <p>No clock of any machine is compared with another one's.
 */
final class Gateways {
  /**
   * Of jobs that are over, but whose end is still to be told. Not "is not null": H2 has an index
   * for this alone.
   */
  private static final String TO_BE_TOLD = "webhook_due >= 0";

  /** At once: when it was to be told later was said by another clock. */
  private static final String TELL_AT_ONCE = "update jobs set holder = ?, webhook_due = 0 where ";

  private final JobDatabase database;
  private final String id;
  private final String dataId;
  private final String node;

  /**
   * A gateway that nobody knows of yet.
   *
   * @param dataId name of its data directory: what an earlier process with the same one held is its
   *     own
   * @param node its host's name, for people
   */
  Gateways(JobDatabase database, String dataId, String node) {
    this.database = database;
    this.id = JobId.random().value();
    this.dataId = dataId;
    this.node = node;
  }

  /**
   * Another gateway.
   *
   * @param id of its process
   * @param dataId of its data directory
   * @param node its host's name
   * @param beat grows while it lives
   */
  record Other(String id, String dataId, String node, long beat) {}

  /** This process. */
  String id() {
    return id;
  }

  /** This host's name. */
  String node() {
    return node;
  }

  /**
   * Enters this process in place of an earlier one, which must be dead. A database that is not
   * shared has no others.
   *
   * @return ids of earlier processes
   * @throws IOException when that can't be written
   */
  List<String> enter() throws IOException {
    return database.atOnce(
        connection -> {
          String earlier = database.isShared() ? "data_id = ?" : "data_id is not null";
          List<Object> values = database.isShared() ? List.of(dataId) : List.of();
          List<Object> all = new ArrayList<>(List.of(id));
          all.addAll(values);
          String theirs = " and holder in (select id from gateways where %s)".formatted(earlier);
          JobDatabase.update(
              connection, "update jobs set holder = ? where " + JobRecords.OPEN + theirs, all);
          JobDatabase.update(connection, TELL_AT_ONCE + TO_BE_TOLD + theirs, all);
          List<String> replaced =
              JobDatabase.query(
                  connection,
                  "select id from gateways where " + earlier,
                  values,
                  row -> row.getString(1));
          JobDatabase.update(connection, "delete from gateways where " + earlier, values);
          JobDatabase.update(
              connection,
              "insert into gateways (id, data_id, node, beat) values (?, ?, ?, 0)",
              List.of(id, dataId, node));
          return replaced;
        });
  }

  /**
   * Shows that this process lives.
   *
   * @return false when another one has taken it for dead
   * @throws IOException when the database can't be used
   */
  boolean beat() throws IOException {
    return database.update("update gateways set beat = beat + 1 where id = ?", List.of(id)) > 0;
  }

  /**
   * All others.
   *
   * @throws IOException when they can't be read
   */
  List<Other> others() throws IOException {
    return database.query(
        "select id, data_id, node, beat from gateways where id <> ?",
        List.of(id),
        row -> new Other(row.getString(1), row.getString(2), row.getString(3), row.getLong(4)));
  }

  /**
   * Takes another one for dead, unless it has shown meanwhile that it lives.
   *
   * @return whether it was removed, by this process
   * @throws IOException when that can't be written
   */
  boolean remove(Other other) throws IOException {
    return database.update(
            "delete from gateways where id = ? and beat = ?", List.of(other.id(), other.beat()))
        > 0;
  }

  /**
   * Takes over the jobs that no gateway holds: unfinished ones, and those whose end is still to be
   * told.
   *
   * @return the unfinished ones that this process got
   * @throws IOException when that can't be written
   */
  List<JobId> claim() throws IOException {
    // Who was removed meanwhile would claim what it holds itself.
    String nobodys =
        " and not exists (select 1 from gateways where gateways.id = jobs.holder)"
            + " and exists (select 1 from gateways where gateways.id = ?)";
    database.update(TELL_AT_ONCE + TO_BE_TOLD + nobodys, List.of(id, id));
    return database.query(
        "update jobs set holder = ? where " + JobRecords.OPEN + nobodys + " returning id",
        List.of(id, id),
        row -> new JobId(row.getString(1)));
  }

  /**
   * Takes this process out: others may claim what it still holds.
   *
   * @throws IOException when that can't be written
   */
  void leave() throws IOException {
    database.update("delete from gateways where id = ?", List.of(id));
  }
}
