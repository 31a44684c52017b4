package io.sparkappliance.storage;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

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
    Files.walkFileTree(top, new Remover());
  }

  /**
   * Removes all that is in a directory. The directory itself stays, or is made: it may be where
   * something is mounted. A link to a directory is replaced by one.
   *
   * @throws IOException when something can't be removed; what was removed before stays so
   */
  public static void empty(Path directory) throws IOException {
    if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
        for (Path child : children) {
          delete(child);
        }
      }
    } else {
      Files.deleteIfExists(directory);
      Files.createDirectories(directory);
    }
  }

  /** Whose owner has taken rights from themselves gets them back. */
  private static final class Remover extends SimpleFileVisitor<Path> {
    private static final Set<PosixFilePermission> ALL =
        PosixFilePermissions.fromString("rwx------");

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
        throws IOException {
      if (!Files.isWritable(directory) || !Files.isExecutable(directory)) {
        Files.setPosixFilePermissions(directory, ALL);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
      if (failure instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      boolean isShut =
          failure instanceof AccessDeniedException
              && Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
              && !Files.isReadable(file);
      if (isShut) {
        Files.setPosixFilePermissions(file, ALL);
        delete(file);
        return FileVisitResult.CONTINUE;
      }
      throw failure;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      Files.deleteIfExists(directory);
      return FileVisitResult.CONTINUE;
    }
  }
}
