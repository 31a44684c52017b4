package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.testing.PostgreSql;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records of jobs in a database that several gateways share. */
class SharedJobRecordsTest extends JobRecordsContract {
  @TempDir private static Path directory;
  private static PostgreSql server;
  private Settings.JobsDatabase settings;

  @BeforeAll
  static void start() throws IOException {
    server = PostgreSql.start(directory.resolve("data"));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @BeforeEach
  @Override
  void open() throws IOException {
    if (settings == null) {
      try {
        settings = server.database();
      } catch (SQLException impossible) {
        throw new IOException(impossible);
      }
    }
    super.open();
  }

  @Override
  JobDatabase database() throws IOException {
    return JobDatabase.shared(settings);
  }

  @Test
  void tables_are_made_by_many_at_once() throws Exception {
    Settings.JobsDatabase fresh = server.database();
    List<Future<JobDatabase>> opening = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Callable<JobDatabase> open = () -> JobDatabase.shared(fresh);
      for (int i = 0; i < 4; i++) {
        opening.add(threads.submit(open));
      }
    }
    for (Future<JobDatabase> opened : opening) {
      try (JobDatabase database = opened.get()) {
        assertThat(new JobRecords(database, "me").unfinished()).isEmpty();
      }
    }
  }

  @Test
  void the_folder_is_marked_once_by_many_at_once(@TempDir Path folder) throws Exception {
    for (int round = 0; round < 10; round++) {
      Settings.JobsDatabase fresh = server.database();
      SharedFolder.Place place = new SharedFolder.Mounted(folder.resolve(Integer.toString(round)));
      List<Future<?>> checked = new ArrayList<>();
      try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
        for (int i = 0; i < 4; i++) {
          checked.add(
              threads.submit(
                  () -> {
                    try (JobDatabase database = JobDatabase.shared(fresh)) {
                      SharedFolder.check(database, place);
                    }
                    return null;
                  }));
        }
      }
      for (Future<?> check : checked) {
        check.get();
      }
    }
  }

  @Test
  void who_comes_later_need_not_be_allowed_to_make_tables() throws Exception {
    Settings.JobsDatabase fresh = server.database();
    JobDatabase.shared(fresh).close();
    try (Connection connection =
            DriverManager.getConnection(fresh.url(), fresh.user(), "not asked for");
        Statement statement = connection.createStatement()) {
      statement.execute("create role clerk login");
      statement.execute(
          "grant select, insert, update, delete on all tables in schema public to clerk");
    }
    Settings.JobsDatabase clerk =
        new Settings.JobsDatabase(fresh.url(), "clerk", Optional.of(new Secret("any")));
    try (JobDatabase database = JobDatabase.shared(clerk)) {
      assertThat(new JobRecords(database, "me").unfinished()).isEmpty();
    }
    assertThatThrownBy(
            () ->
                JobDatabase.shared(
                    new Settings.JobsDatabase(
                        server.database().url(), "clerk", Optional.of(new Secret("any")))))
        .hasMessageContaining("permission denied");
  }

  @Test
  void who_was_taken_for_dead_takes_no_job() throws Exception {
    try (JobDatabase database = database()) {
      database.update("delete from gateways where id = 'me'", List.of());
    }
    assertThatThrownBy(() -> insert("ann", JobKind.SQL, "late", 0))
        .isInstanceOf(UnreachableRecordsException.class)
        .hasMessageContaining("taken for dead");
    assertThat(records().unfinished()).isEmpty();
  }

  @Test
  void a_server_that_is_away_is_told_from_one_that_has_no_such_database() {
    assertThatThrownBy(
            () ->
                JobDatabase.shared(
                    new Settings.JobsDatabase(
                        "jdbc:postgresql://127.0.0.1:1/x", "me", Optional.of(new Secret("hush")))))
        .isInstanceOf(UnreachableRecordsException.class)
        .hasMessageContaining("127.0.0.1:1/x")
        .hasMessageNotContaining("hush");
    assertThatThrownBy(
            () ->
                JobDatabase.shared(
                    new Settings.JobsDatabase(
                        settings.url() + "-not", settings.user(), settings.password())))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(UnreachableRecordsException.class)
        .hasMessageContaining("does not exist");
  }
}
