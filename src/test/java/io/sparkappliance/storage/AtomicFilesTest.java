package io.sparkappliance.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AtomicFilesTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"rw-------", "rw-r--r--"})
  void writesTextWithItsMode(String mode) throws IOException {
    Path file = directory.resolve("a/b/file");
    AtomicFiles.write(file, "ünïcödé\n", mode);
    assertThat(file).hasContent("ünïcödé\n");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo(mode);
  }

  @Test
  void replacesAFileAndItsMode() throws IOException {
    Path file = directory.resolve("file");
    AtomicFiles.write(file, "old", "rw-r--r--");
    AtomicFiles.write(file, "new", "rw-------");
    assertThat(file).hasContent("new");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void replacesALinkRatherThanWhatItPointsTo() throws IOException {
    Path elsewhere = Files.writeString(directory.resolve("elsewhere"), "untouched");
    Path link = Files.createSymbolicLink(directory.resolve("link"), elsewhere);
    AtomicFiles.write(link, "new", "rw-------");
    assertThat(elsewhere).hasContent("untouched");
    assertThat(link).hasContent("new");
  }

  @Test
  void leavesNothingBehindWhenItFails() throws IOException {
    Path occupied = Files.createDirectories(directory.resolve("occupied/inner")).getParent();
    assertThatThrownBy(() -> AtomicFiles.write(occupied, "x", "rw-------"))
        .isInstanceOf(IOException.class);
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(occupied);
    }
  }
}
