package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileTest {
  @TempDir Path directory;

  @Test
  void aStartAppendsToWhatIsThere() throws IOException {
    write(1000, "one");
    write(1000, "two");

    assertThat(log("")).hasContent("one\ntwo");
  }

  @Test
  void olderFilesMoveOnAndTheOldestGoes() throws IOException {
    write(10, "line 1", "line 2", "line 3", "line 4", "line 5", "line 6");

    assertThat(log("")).hasContent("line 6");
    assertThat(log(".1")).hasContent("line 5");
    assertThat(log(".2")).hasContent("line 4");
    assertThat(log(".3")).hasContent("line 3");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).hasSize(4);
    }
  }

  @Test
  void theSizeIsCountedInBytes() throws IOException {
    write(10, "漢字漢", "x");

    assertThat(log(".1")).hasContent("漢字漢");
    assertThat(log("")).hasContent("x");
  }

  @Test
  void aLineThatIsTooLongForAnyFileIsWrittenWhole() throws IOException {
    write(10, "a line that is longer than a file may be", "short");

    assertThat(log(".1")).hasContent("a line that is longer than a file may be");
    assertThat(log("")).hasContent("short");
  }

  private void write(long maxBytes, String... lines) throws IOException {
    try (LogFile file = new LogFile(log(""), maxBytes, () -> {})) {
      for (String line : lines) {
        file.line(line);
      }
    }
  }

  private Path log(String suffix) {
    return directory.resolve("role.log" + suffix);
  }
}
