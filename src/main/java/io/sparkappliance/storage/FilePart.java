package io.sparkappliance.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** A part of a file, which may grow meanwhile. */
final class FilePart extends InputStream {
  private final RandomAccessFile file;
  private long left;

  FilePart(Path file, long offset, long length) throws IOException {
    this.file = new RandomAccessFile(file.toFile(), "r");
    this.left = length;
    boolean there = false;
    try {
      this.file.seek(offset);
      there = true;
    } finally {
      if (!there) {
        this.file.close();
      }
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (left == 0) {
      return -1;
    }
    int count = file.read(buffer, offset, (int) Math.min(length, left));
    left -= Math.max(0, count);
    return count;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
