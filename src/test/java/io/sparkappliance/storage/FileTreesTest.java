package io.sparkappliance.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreesTest {
  @TempDir Path directory;

  @Test
  void removesEverythingBelowAndFollowsNoLink() throws IOException {
    Path other = Files.createDirectories(directory.resolve("other"));
    Path kept = Files.writeString(other.resolve("kept"), "x");
    Path top =
        Files.createDirectories(directory.resolve("top/deep/deeper")).getParent().getParent();
    Files.writeString(top.resolve("deep/deeper/file"), "x");
    Files.createSymbolicLink(top.resolve("deep/link"), other);

    FileTrees.delete(top);

    assertThat(top).doesNotExist();
    assertThat(kept).exists();
  }

  @Test
  void whatIsNotThereIsNoFailure() throws IOException {
    FileTrees.delete(directory.resolve("absent"));
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void anEmptiedDirectoryStaysAndIsMadeWhereItIsMissing() throws IOException {
    Path kept = Files.createDirectories(directory.resolve("kept"));
    Files.createDirectories(kept.resolve("a/b"));
    Files.writeString(kept.resolve("a/file"), "text");
    FileTrees.empty(kept);
    assertThat(kept).isEmptyDirectory();

    FileTrees.empty(directory.resolve("new"));
    assertThat(directory.resolve("new")).isEmptyDirectory();

    Path elsewhere = Files.createDirectories(directory.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("file"), "text");
    Path link = Files.createSymbolicLink(directory.resolve("link"), elsewhere);
    FileTrees.empty(link);
    assertThat(link).isEmptyDirectory();
    assertThat(Files.isSymbolicLink(link)).isFalse();
    assertThat(elsewhere.resolve("file")).exists();
  }
}
