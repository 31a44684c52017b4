package io.sparkappliance.supervise;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;

/**
 * Places of logs that an earlier node left. What can't be read, such as {@code lost+found} on a
 * disk of its own, is named and passed over: the others are found all the same.
 */
final class LeftLogs extends SimpleFileVisitor<Path> {
  /** As {@link LogOwner#place} makes them: stack, instance and role. */
  private static final int DEPTH = 3;

  private final Path directory;
  private final Consumer<String> say;
  private final List<Path> places = new ArrayList<>();

  LeftLogs(Path directory, Consumer<String> say) {
    this.directory = directory;
    this.say = say;
  }

  /**
   * Their places, relative to the directory.
   *
   * @param say is told of each folder that can't be read
   */
  static List<Path> in(Path directory, Consumer<String> say) throws IOException {
    LeftLogs logs = new LeftLogs(directory, say);
    Files.walkFileTree(directory, EnumSet.noneOf(FileVisitOption.class), DEPTH, logs);
    return List.copyOf(logs.places);
  }

  /** At this depth folders come here, too. */
  @Override
  public FileVisitResult visitFile(Path path, BasicFileAttributes is) {
    Path place = directory.relativize(path);
    if (is.isDirectory() && place.getNameCount() == DEPTH && isPlace(place)) {
      places.add(place);
    }
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFileFailed(Path path, IOException failure) {
    passOver(path, failure, say);
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult postVisitDirectory(Path path, IOException failure) {
    if (failure != null) {
      passOver(path, failure, say);
    }
    return FileVisitResult.CONTINUE;
  }

  /** Names one. */
  static void passOver(Path path, IOException failure, Consumer<String> say) {
    say.accept(
        "warning: logs that an earlier node may have left in %s can't be sent: %s"
            .formatted(path, failure));
  }

  /** Somebody may have put something else there. */
  private static boolean isPlace(Path path) {
    for (Path part : path) {
      if (!LogOwner.part(part.toString()).equals(part.toString())) {
        return false;
      }
    }
    return true;
  }
}
