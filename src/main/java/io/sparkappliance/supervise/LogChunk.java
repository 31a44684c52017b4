package io.sparkappliance.supervise;

import java.nio.file.Path;

/**
 * A piece of a log that waits to be shipped; it ends with the end of a line.
 *
 * @param name which piece
 * @param file where it waits
 * @param bytes what the file takes on disk
 * @param packed whether it is compressed already
 */
record LogChunk(ChunkName name, Path file, long bytes, boolean packed) {}
