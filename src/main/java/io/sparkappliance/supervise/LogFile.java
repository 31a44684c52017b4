package io.sparkappliance.supervise;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A daemon's log on disk: the current file and a few older ones, each of bounded size. */
final class LogFile implements AutoCloseable {
  private static final int OLDER_FILES = 3;

  private final Path path;
  private final long maxBytes;
  private final Runnable rotated;
  private BufferedWriter writer;
  private long size;

  /**
   * Appends to a file; its directory must exist.
   *
   * @param path the current file; older ones get {@code .1}, {@code .2} … behind it
   * @param maxBytes size at which the next file begins
   * @param rotated called whenever it begins, before its first line
   * @throws IOException when it can't be written
   */
  LogFile(Path path, long maxBytes, Runnable rotated) throws IOException {
    this.path = path;
    this.maxBytes = maxBytes;
    this.rotated = rotated;
    open();
  }

  private void open() throws IOException {
    writer = Files.newBufferedWriter(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    size = Files.size(path);
  }

  void line(String text) throws IOException {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length + 1;
    if (size > 0 && size + bytes > maxBytes) {
      rotate();
    }
    writer.write(text);
    writer.write('\n');
    writer.flush();
    size += bytes;
  }

  private void rotate() throws IOException {
    writer.close();
    for (int i = OLDER_FILES; i >= 1; i--) {
      Path newer = i == 1 ? path : older(i - 1);
      if (Files.exists(newer)) {
        Files.move(newer, older(i), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    open();
    rotated.run();
  }

  private Path older(int number) {
    return path.resolveSibling(path.getFileName() + "." + number);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
