package io.sparkappliance.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A file of lines that only its owner can read. When it is large, it makes room for a new one. */
final class AuditFile {
  private static final long LARGEST_FILE = 16L << 20;
  private static final int OLDER_FILES = 9;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final Path file;

  /**
   * Appends to a file, which is made when it is not there.
   *
   * @param file older ones have a number behind its name
   */
  AuditFile(Path file) {
    this.file = file;
  }

  /**
   * Appends.
   *
   * @throws IOException when it can't be written
   */
  synchronized void append(byte[] bytes) throws IOException {
    makeRoom(bytes.length);
    Files.write(file, bytes, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  private void makeRoom(int bytes) throws IOException {
    if (Files.exists(file) && Files.size(file) + bytes > LARGEST_FILE) {
      for (int number = OLDER_FILES; number >= 1; number--) {
        Path newer = number == 1 ? file : older(number - 1);
        if (Files.exists(newer)) {
          Files.move(newer, older(number), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    if (!Files.exists(file)) {
      Files.createDirectories(file.getParent());
      Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    }
  }

  private Path older(int number) {
    return file.resolveSibling(file.getFileName() + "." + number);
  }
}
