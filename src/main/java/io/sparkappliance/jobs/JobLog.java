package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads what an application writes, by offsets. */
final class JobLog {
  private JobLog() {}

  /**
   * Reads a part.
   *
   * @param directory the job's
   * @param job as it was known before the call: what it wrote until then is there to be read
   */
  static LogPart read(Path directory, Job job, LogStream stream, long offset, int limit)
      throws IOException {
    boolean over = job.state().isFinal();
    try (SeekableByteChannel file = Files.newByteChannel(directory.resolve(stream.fileName()))) {
      if (offset >= file.size()) {
        // Nor would a system go further than any of its files can be long.
        return new LogPart(offset, new byte[0], over);
      }
      file.position(offset);
      InputStream in = Channels.newInputStream(file);
      byte[] bytes = in.readNBytes(limit);
      return new LogPart(offset, bytes, over && offset + bytes.length >= file.size());
    } catch (NoSuchFileException notBegun) {
      return new LogPart(offset, new byte[0], over);
    }
  }
}
