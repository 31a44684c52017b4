package io.sparkappliance.jobs;

import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.S3Objects;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a file that is in S3 in parts, as it was when it was opened. Nothing is read ahead: who
 * reads on has one call for each part, who goes elsewhere begins a new one.
 */
final class PartsChannel implements SeekableByteChannel {
  private static final Logger LOG = LoggerFactory.getLogger(PartsChannel.class);

  /** A server closes connections on which a slow reader lets nothing come for a while. */
  private static final int ATTEMPTS = 3;

  private static final int CHUNK = 1 << 16;

  private final String location;
  private final Reader reader;
  private final List<FileParts.Part> parts;
  private final long size;
  private final byte[] chunk = new byte[CHUNK];
  private Optional<InputStream> in = Optional.empty();

  /** Of the part that is being read. */
  private long partEnds;

  private long position;
  private boolean open = true;

  @FunctionalInterface
  private interface Reader {
    InputStream read(String name, long offset, long length) throws FetchFailure;
  }

  /**
   * Opens it for somebody who may read slowly; nothing is asked for yet.
   *
   * @param parts as {@link FileParts#of} gives them
   */
  PartsChannel(S3Objects objects, List<FileParts.Part> parts) {
    this(objects.location(), objects::read, parts);
  }

  /** Opens it for work that reads on at once. */
  static PartsChannel ofWork(S3Objects objects, List<FileParts.Part> parts) {
    return new PartsChannel(objects.location(), objects::readAtOnce, parts);
  }

  private PartsChannel(String location, Reader reader, List<FileParts.Part> parts) {
    this.location = location;
    this.reader = reader;
    this.parts = List.copyOf(parts);
    this.size = FileParts.end(parts);
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (!open) {
      throw new ClosedChannelException();
    }
    if (position >= size) {
      return -1;
    }
    if (!target.hasRemaining()) {
      return 0;
    }
    int count = readChunk(Math.min(CHUNK, target.remaining()));
    target.put(chunk, 0, count);
    return count;
  }

  private int readChunk(int most) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        if (in.isPresent() && position == partEnds) {
          forget();
        }
        int count = stream().read(chunk, 0, (int) Math.min(most, partEnds - position));
        if (count < 0) {
          throw new EOFException("S3 sent less than it has");
        }
        position += count;
        return count;
      } catch (FetchFailure failure) {
        // That was tried several times already.
        throw new UnreachableFilesException(location, failure);
      } catch (IOException broken) {
        forget();
        if (attempt == ATTEMPTS) {
          throw new UnreachableFilesException(location, broken);
        }
        LOG.debug("reads on from byte {}", position, broken);
      }
    }
  }

  private InputStream stream() throws FetchFailure {
    if (in.isEmpty()) {
      FileParts.Part part = part();
      partEnds = part.end();
      in = Optional.of(reader.read(part.name(), position - part.offset(), partEnds - position));
    }
    return in.get();
  }

  private FileParts.Part part() {
    // By halves: a file may have thousands, and somebody may jump about in it.
    int low = 0;
    int high = parts.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (parts.get(middle).offset() <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return parts.get(low);
  }

  private void forget() {
    Optional<InputStream> old = in;
    in = Optional.empty();
    try {
      if (old.isPresent()) {
        old.get().close();
      }
    } catch (IOException broken) {
      LOG.debug("what is not read any more was broken", broken);
    }
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public SeekableByteChannel position(long wanted) {
    if (wanted < 0) {
      throw new IllegalArgumentException("before the beginning");
    }
    if (wanted != position) {
      forget();
      position = wanted;
    }
    return this;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int write(ByteBuffer source) {
    throw new NonWritableChannelException();
  }

  @Override
  public SeekableByteChannel truncate(long length) {
    throw new NonWritableChannelException();
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    open = false;
    forget();
  }
}
