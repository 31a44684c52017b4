package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.Optional;

/** What came with a job and what it has left behind so far, wherever that is. */
@FunctionalInterface
interface JobContent {
  /**
   * Opens a file; as often as somebody asks, it has the same bytes, unless it grows.
   *
   * @param name in the job's directory
   * @return empty when there is none, or nothing is in it
   * @throws IOException when it can't be read
   */
  Optional<SeekableByteChannel> open(String name) throws IOException;

  /**
   * The same from its beginning.
   *
   * @throws IOException when it can't be read
   */
  default Optional<InputStream> stream(String name) throws IOException {
    return open(name).map(Channels::newInputStream);
  }
}
