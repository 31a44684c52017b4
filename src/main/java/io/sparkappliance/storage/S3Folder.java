package io.sparkappliance.storage;

import io.sparkappliance.settings.ConfigurationException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A folder in S3 that files are put into. */
public final class S3Folder implements AutoCloseable {
  private final S3Uploads uploads;
  private final S3Location location;

  private S3Folder(S3Uploads uploads, S3Location location) {
    this.uploads = uploads;
    this.location = location;
  }

  /**
   * Looks up nothing yet: whether the folder can be written to shows when the first file is put.
   *
   * @param variable the variable that named the location, for messages
   * @param location {@code s3://bucket[/prefix]}
   * @param environment where the AWS endpoint and AWS keys are looked up; without keys the
   *     container's or the instance's role is used
   * @param attempt time for one attempt to put a file
   * @throws ConfigurationException when this is no place in S3, or the AWS SDK isn't installed
   */
  public static S3Folder of(
      String variable, String location, Map<String, String> environment, Duration attempt) {
    S3Location folder = S3Location.of(variable, location);
    try {
      return new S3Folder(new S3Uploads(environment, attempt, folder.bucket()), folder);
    } catch (NoClassDefFoundError e) {
      throw folder.withoutSdk();
    }
  }

  /**
   * Puts a file there, in one attempt. One of that name is replaced.
   *
   * @param name below the folder: parts of letters, digits, dots, dashes and underscores
   * @param file is read as it is sent
   * @throws FetchFailure when S3 does not have it now
   * @throws IllegalArgumentException for a name that is none, or leads out of the folder
   */
  public void put(String name, Path file) throws FetchFailure {
    uploads.put(location.key(name), file);
  }

  /** Frees the connections. */
  @Override
  public void close() {
    uploads.close();
  }
}
