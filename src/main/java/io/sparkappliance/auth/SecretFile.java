package io.sparkappliance.auth;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * One secret in one file that only its owner may read.
 *
 * @param path the file; its directory is created with mode 0700
 */
public record SecretFile(Path path) {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OWNER_ONLY_DIRECTORY =
      PosixFilePermissions.fromString("rwx------");

  /**
   * Reads the secret, without white space around it.
   *
   * @return empty when there is no such file, or nothing in it
   * @throws IOException when the file can't be read
   */
  public Optional<String> read() throws IOException {
    try {
      String text = Files.readString(path).strip();
      return text.isEmpty() ? Optional.empty() : Optional.of(text);
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    }
  }

  /**
   * Replaces the secret in one step: a reader sees the old one or the new one.
   *
   * @throws IOException when the directory can't be written
   */
  public void write(String secret) throws IOException {
    Path directory = path.getParent();
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory.getParent());
      try {
        Files.createDirectory(
            directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY_DIRECTORY));
      } catch (FileAlreadyExistsException madeMeanwhile) {
        // Another command of the same node was faster; its directory serves as well.
      }
    }
    Path draft =
        Files.createTempFile(
            directory, ".secret", "", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    try {
      Files.writeString(draft, secret + "\n");
      Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft);
    }
  }
}
