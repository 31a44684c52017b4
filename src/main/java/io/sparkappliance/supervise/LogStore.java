package io.sparkappliance.supervise;

import java.nio.file.Path;

/** Where logs are kept when they leave this machine. */
public interface LogStore extends AutoCloseable {
  /**
   * Stores a file, in one attempt. One of that name is replaced: a piece of a log that is stored
   * again, because nobody knows any more that it was, is the same piece.
   *
   * @param name parts of letters, digits, dots, dashes and underscores, with slashes between them
   * @param file is not changed
   * @throws ShipmentFailure when it is not stored now
   */
  void put(String name, Path file) throws ShipmentFailure;

  /** Frees what was needed to reach it. */
  @Override
  void close();
}
