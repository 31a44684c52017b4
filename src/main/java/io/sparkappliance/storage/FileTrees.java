package io.sparkappliance.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Directories with everything in them. */
public final class FileTrees {
  private FileTrees() {}

  /**
   * Removes a directory or file with all that is in it; links are removed, not followed. What is
   * gone already is no failure.
   *
   * @throws IOException when something can't be removed; what was removed before stays so
   */
  public static void delete(Path top) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> tree = Files.walk(top)) {
      deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException absent) {
      return;
    }
    for (Path path : deepestFirst) {
      Files.deleteIfExists(path);
    }
  }
}
