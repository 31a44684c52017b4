package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The executors that docs/aws.md promises for each type of machine. */
class SizesOnAwsTest {
  private static final Pattern ROW =
      Pattern.compile(
          "\\| `([a-z0-9]+\\.[a-z0-9]+)` \\| \\d+ \\| (\\d+) \\| (?:\\d+|–) \\| (\\d+) \\|"
              + " `(\\d+)g` \\|");

  @Test
  void a_worker_of_each_type_offers_what_the_table_says() throws IOException {
    List<String> rows =
        ROW.matcher(Files.readString(Path.of("docs/aws.md")))
            .results()
            .map(row -> "%s %s %s".formatted(row.group(1), row.group(3), row.group(4)))
            .toList();
    List<String> planned =
        ROW.matcher(Files.readString(Path.of("docs/aws.md")))
            .results()
            .map(row -> planned(row.group(1), Long.parseLong(row.group(2))))
            .toList();
    assertThat(rows).isEqualTo(planned).hasSizeGreaterThanOrEqualTo(8);
  }

  private static String planned(String type, long gibibytes) {
    long total = gibibytes * 1024 * 96 / 100;
    long small = offered(total, 2048) / 2048;
    long large =
        LongStream.rangeClosed(1, gibibytes)
            .filter(heap -> offered(total, heap * 1024) >= heap * 1024)
            .max()
            .orElseThrow();
    return "%s %d %d".formatted(type, small, large);
  }

  /** What the worker offers to executors where each has that much; 0 when it does not fit. */
  private static long offered(long total, long executor) {
    Problems problems = new Problems();
    MemoryPlan plan =
        MemoryPlanner.plan(
            MemorySize.ofMebibytes(total),
            Set.of(Role.WORKER),
            new MemoryPlanner.Wishes(
                MemoryWish.set(MemorySize.ofMebibytes(executor), "EXECUTOR_MEMORY"),
                MemoryWish.set(MemorySize.ofMebibytes(2048), "DRIVER_MEMORY"),
                MemoryWish.ofDefault(MemorySize.ofMebibytes(512)),
                Optional.empty()),
            problems);
    return problems.isEmpty() ? plan.workerMemory().toMebibytes() : 0;
  }
}
