package io.sparkappliance.jobs;

import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.S3Objects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A file in S3, in parts that are named by where they begin. No part is so large that it would have
 * to be put in several calls, and the last one is put anew, longer, when the file has grown.
 */
final class FileParts {
  /** A part that does not arrive costs no more than so much to put again. */
  private static final long PART = 8 << 20;

  /** A part of this size is left as it is: what is put again and again is less than that. */
  private static final long FULL = 1 << 20;

  private static final int DIGITS = 20;

  private final S3Objects objects;
  private final String name;
  private long lastBegins;
  private long end;

  /**
   * One of which nothing is there yet.
   *
   * @param name below the folder
   */
  FileParts(S3Objects objects, String name) {
    this.objects = objects;
    this.name = name;
  }

  /**
   * A part as it is there.
   *
   * @param name below the folder
   * @param offset where it begins, in bytes from the beginning of the file
   * @param size in bytes
   */
  record Part(String name, long offset, long size) {
    /** Where it ends, in bytes from the beginning of the file. */
    long end() {
      return offset + size;
    }
  }

  /**
   * One of which something may be there.
   *
   * @throws FetchFailure when S3 does not say
   */
  static FileParts found(S3Objects objects, String name) throws FetchFailure {
    FileParts file = new FileParts(objects, name);
    List<Part> parts = list(objects, name);
    if (!parts.isEmpty()) {
      Part last = parts.getLast();
      file.end = last.end();
      file.lastBegins = last.size() < FULL ? last.offset() : file.end;
    }
    return file;
  }

  /**
   * The parts of a file, one behind the other.
   *
   * @throws FetchFailure when S3 does not say
   */
  static List<Part> list(S3Objects objects, String name) throws FetchFailure {
    return of(objects.list(name), name);
  }

  /**
   * Those of a file among objects: each begins where the one before it ends, or in it where two
   * gateways have written parts, and reaches beyond it. What comes behind a gap is left out.
   */
  static List<Part> of(List<S3Objects.Entry> entries, String name) {
    List<Part> sorted =
        entries.stream()
            .filter(entry -> name.equals(fileOf(entry.name())))
            .map(entry -> new Part(entry.name(), offset(entry.name()), entry.size()))
            .sorted(Comparator.comparingLong(Part::offset))
            .toList();
    List<Part> parts = new ArrayList<>();
    long end = 0;
    int next = 0;
    while (true) {
      Optional<Part> furthest = Optional.empty();
      for (; next < sorted.size() && sorted.get(next).offset() <= end; next++) {
        Part part = sorted.get(next);
        furthest = furthest.filter(other -> other.end() >= part.end()).or(() -> Optional.of(part));
      }
      // An empty file has one part, with nothing in it.
      long before = parts.isEmpty() ? -1 : end;
      if (furthest.filter(part -> part.end() > before).isEmpty()) {
        return parts;
      }
      parts.add(furthest.get());
      end = furthest.get().end();
    }
  }

  /** Where parts end, one behind the other, in bytes from the beginning of the file. */
  static long end(List<Part> parts) {
    return parts.isEmpty() ? 0 : parts.getLast().end();
  }

  /** Whether an object is a part of a file that was put at once. */
  static boolean isPart(String object, long size) {
    return offset(object) % PART == 0 && offset(object) < size;
  }

  /** Whether each begins where the one before it ends, as one gateway writes them. */
  static boolean haveNoOverlap(List<Part> parts) {
    return parts.stream().mapToLong(Part::size).sum() == end(parts);
  }

  /** The name of the file that an object is a part of; the object's own where it is none. */
  static String fileOf(String object) {
    int slash = object.length() - DIGITS - 1;
    return slash > 0 && object.substring(slash).matches("/\\d{" + DIGITS + "}")
        ? object.substring(0, slash)
        : object;
  }

  private static long offset(String object) {
    return Long.parseLong(object.substring(object.length() - DIGITS));
  }

  private String part(long offset) {
    return name + "/" + ("%0" + DIGITS + "d").formatted(offset);
  }

  /**
   * Puts what a local file has more than is there. It may grow meanwhile; when it is missing,
   * nothing is done.
   *
   * @throws FetchFailure when S3 does not take it; what it took before stays
   * @throws IOException when the file can't be read
   */
  void put(Path file) throws FetchFailure, IOException {
    long size = size(file);
    while (end < size) {
      long next = Math.min(size, lastBegins + PART);
      objects.put(part(lastBegins), file, lastBegins, next - lastBegins);
      lastBegins = next - lastBegins < FULL ? lastBegins : next;
      end = next;
    }
  }

  /**
   * The same for a file that does not grow, and that has to be there although nothing is in it.
   *
   * @throws FetchFailure when S3 does not take it; what it took before stays
   * @throws IOException when the file can't be read
   */
  void putWhole(Path file) throws FetchFailure, IOException {
    put(file);
    if (end == 0) {
      objects.put(part(0), new byte[0]);
    }
  }

  private static long size(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException none) {
      return 0;
    }
  }
}
