package io.sparkappliance.jobs;

import io.sparkappliance.storage.AtomicFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What belongs to one gateway alone where several share the rest: a name that outlives its process,
 * and which processes of this machine it has started. Only one process has it open.
 */
final class GatewayHome implements AutoCloseable {
  private final Path directory;
  private final String id;
  private final FileChannel channel;

  private GatewayHome(Path directory, String id, FileChannel channel) {
    this.directory = directory;
    this.id = id;
    this.channel = channel;
  }

  /**
   * Opens it, making it where it is missing.
   *
   * @throws IOException when it can't be written, or another process has it open
   */
  static GatewayHome open(Path directory) throws IOException {
    JobFiles.createDirectory(directory);
    FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean opened = false;
    try {
      FileLock lock = tryLock(channel);
      if (lock == null) {
        throw new IOException("another gateway uses " + directory);
      }
      GatewayHome home = new GatewayHome(directory, id(directory.resolve("id")), channel);
      opened = true;
      return home;
    } finally {
      if (!opened) {
        channel.close();
      }
    }
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException ofThisProcess) {
      return null;
    }
  }

  private static String id(Path file) throws IOException {
    try {
      return JobId.parse(Files.readString(file).strip())
          .orElseThrow(() -> new IOException(file + " is damaged: remove it"))
          .value();
    } catch (NoSuchFileException first) {
      String made = JobId.random().value();
      AtomicFiles.write(file, made, "rw-------");
      return made;
    }
  }

  /** The place of a gateway. */
  Path directory() {
    return directory;
  }

  /** Its name: that of its data directory. */
  String id() {
    return id;
  }

  /** Another process may have it. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
