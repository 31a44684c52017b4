package io.sparkappliance.jobs;

/**
 * A part of what a job writes.
 *
 * @param offset where it begins, in bytes from the beginning
 * @param bytes the part; empty when nothing is there yet
 * @param complete whether nothing comes after it any more
 */
@SuppressWarnings("ArrayRecordComponent")
public record LogPart(long offset, byte[] bytes, boolean complete) {
  /** Where the next part begins. */
  public long next() {
    return offset + bytes.length;
  }
}
