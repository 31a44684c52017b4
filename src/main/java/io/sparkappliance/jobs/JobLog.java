package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.Optional;

/** Reads what an application writes, by offsets. */
final class JobLog {
  private JobLog() {}

  /**
   * Reads a part.
   *
   * @param content the job's
   * @param job as it was known before the call: what it wrote until then is there to be read
   */
  static LogPart read(JobContent content, Job job, LogStream stream, long offset, int limit)
      throws IOException {
    boolean over = job.state().isFinal();
    Optional<SeekableByteChannel> written = content.open(stream.fileName());
    if (written.isEmpty()) {
      return new LogPart(offset, new byte[0], over);
    }
    try (SeekableByteChannel file = written.get()) {
      if (offset >= file.size()) {
        // Nor would a system go further than any of its files can be long.
        return new LogPart(offset, new byte[0], over);
      }
      file.position(offset);
      InputStream in = Channels.newInputStream(file);
      byte[] bytes = in.readNBytes(limit);
      return new LogPart(offset, bytes, over && offset + bytes.length >= file.size());
    }
  }
}
