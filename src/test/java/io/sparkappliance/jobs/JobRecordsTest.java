package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records of jobs in the database of a single gateway. */
class JobRecordsTest extends JobRecordsContract {
  @TempDir private Path directory;

  @Override
  JobDatabase database() throws IOException {
    return JobDatabase.embedded(directory.resolve("records"));
  }

  @Test
  void a_change_that_was_saved_is_there_after_a_crash() throws Exception {
    // Nothing is closed in between: what another process reads is what a crash leaves.
    Job job = insert("ann", JobKind.SQL, "first", 0);
    records().save(job.running(T));
    Path copy = directory.resolve("copy.mv.db");
    Files.copy(directory.resolve("records.mv.db"), copy);
    try (JobDatabase left = JobDatabase.embedded(directory.resolve("copy"))) {
      assertThat(new JobRecords(left, "me").find(job.id())).contains(job.running(T));
    }
  }

  @Test
  void a_place_where_no_file_can_be_is_an_error_that_names_it() {
    assertThatThrownBy(() -> JobDatabase.embedded(Path.of("/proc/records")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("/proc/records.mv.db");
  }
}
