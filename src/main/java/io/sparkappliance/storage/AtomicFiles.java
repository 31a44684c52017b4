package io.sparkappliance.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Writes files that are either whole and durable or not there. */
public final class AtomicFiles {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private AtomicFiles() {}

  /**
   * Replaces a file's content as one step; readers see the old text or the new one.
   *
   * @param target file to write; missing parent directories are made
   * @param text written as UTF-8
   * @param mode permissions such as {@code rw-r--r--}
   * @throws IOException when the text can't be stored; the old file is then untouched
   */
  public static void write(Path target, String text, String mode) throws IOException {
    Path temporary = temporaryBeside(target);
    try {
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
      publish(temporary, target, mode);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * An empty file in the target's directory, so that it can be moved there as one step; nobody but
   * the owner may read it.
   *
   * @throws IOException when the directory can't be made or written
   */
  static Path temporaryBeside(Path target) throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    Files.createDirectories(directory);
    return Files.createTempFile(
        directory,
        "." + target.getFileName() + ".",
        ".part",
        PosixFilePermissions.asFileAttribute(OWNER_ONLY));
  }

  /** Makes a finished temporary file durable, then gives it its name. */
  static void publish(Path temporary, Path target, String mode) throws IOException {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString(mode));
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    // The new name is an entry of the directory: without this a power cut can bring the old one
    // back.
    try (FileChannel directory =
        FileChannel.open(target.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }
}
