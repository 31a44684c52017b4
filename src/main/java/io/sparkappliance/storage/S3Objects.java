package io.sparkappliance.storage;

import io.sparkappliance.settings.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder in S3 whose objects are put, listed, read and removed. What was put is seen by everybody
 * at once, and every call is tried three times.
 */
public final class S3Objects implements AutoCloseable {
  private final S3ObjectCalls calls;
  private final S3Location location;

  private S3Objects(S3ObjectCalls calls, S3Location location) {
    this.calls = calls;
    this.location = location;
  }

  /**
   * An object.
   *
   * @param name below the folder
   * @param size in bytes
   */
  public record Entry(String name, long size) {}

  /**
   * Looks up nothing yet: whether the folder can be used shows with the first call.
   *
   * @param variable the variable that named the location, for messages
   * @param location {@code s3a://bucket[/prefix]}
   * @param environment where the AWS endpoint and AWS keys are looked up; without keys the
   *     container's or the instance's role is used
   * @param attempt time for one attempt of one call
   * @throws ConfigurationException when this is no place in S3, or the AWS SDK isn't installed
   */
  public static S3Objects of(
      String variable, String location, Map<String, String> environment, Duration attempt) {
    S3Location folder = S3Location.of(variable, location);
    try {
      return new S3Objects(new S3ObjectCalls(environment, attempt, folder.bucket()), folder);
    } catch (NoClassDefFoundError e) {
      throw folder.withoutSdk();
    }
  }

  /** Where it is, for messages. */
  public String location() {
    return location.text();
  }

  /** Whether something can be the name of an object: it leads nowhere else, as a file neither. */
  public static boolean isName(String name) {
    return S3Location.isName(name);
  }

  /**
   * Puts a part of a file there. An object of that name is replaced.
   *
   * @param name below the folder: parts of letters, digits, dots, dashes and underscores
   * @param offset where the part begins
   * @param length how many bytes; the file has to have them
   * @throws FetchFailure when S3 does not have it now
   * @throws IOException when the file can't be read
   * @throws IllegalArgumentException for a name that is none, or leads out of the folder
   */
  public void put(String name, Path file, long offset, long length)
      throws FetchFailure, IOException {
    calls.put(location.key(name), file, offset, length);
  }

  /**
   * Puts a few bytes there.
   *
   * @throws FetchFailure when S3 does not have them now
   */
  public void put(String name, byte[] content) throws FetchFailure {
    calls.put(location.key(name), content);
  }

  /**
   * All objects in a folder below this one, in the order of their names.
   *
   * @param folder without a slash at the end
   * @throws FetchFailure when S3 does not say
   */
  public List<Entry> list(String folder) throws FetchFailure {
    int skipped = location.prefix().length();
    return calls.list(location.key(folder) + "/").stream()
        .map(entry -> new Entry(entry.name().substring(skipped), entry.size()))
        .toList();
  }

  /**
   * Reads a part of an object.
   *
   * @param offset where to begin
   * @param length how many bytes
   * @return throws an {@link java.io.IOException} when the transfer breaks off
   * @throws FetchFailure when S3 does not give it
   */
  public InputStream read(String name, long offset, long length) throws FetchFailure {
    return calls.read(location.key(name), offset, length);
  }

  /**
   * The same for who reads on without waiting for anybody: those who do wait, and hold all the
   * connections of {@link #read}, are not in the way.
   *
   * @throws FetchFailure when S3 does not give it
   */
  public InputStream readAtOnce(String name, long offset, long length) throws FetchFailure {
    return calls.readAtOnce(location.key(name), offset, length);
  }

  /**
   * A small object as a whole.
   *
   * @return empty when there is none
   * @throws FetchFailure when S3 does not say
   */
  public Optional<byte[]> find(String name) throws FetchFailure {
    return calls.find(location.key(name));
  }

  /**
   * Removes objects; what is gone already is no failure.
   *
   * @throws FetchFailure when one may be there still
   */
  public void delete(Collection<String> names) throws FetchFailure {
    calls.delete(names.stream().map(location::key).toList());
  }

  /** Frees the connections. */
  @Override
  public void close() {
    calls.close();
  }
}
