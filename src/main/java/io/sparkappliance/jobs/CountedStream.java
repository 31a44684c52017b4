package io.sparkappliance.jobs;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Counts what goes through it. */
final class CountedStream extends FilterOutputStream {
  private long count;

  CountedStream(OutputStream out) {
    super(out);
  }

  /** Bytes so far. */
  long count() {
    return count;
  }

  @Override
  public void write(int value) throws IOException {
    out.write(value);
    count++;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    out.write(bytes, offset, length);
    count += length;
  }
}
