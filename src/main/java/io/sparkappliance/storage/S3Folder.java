package io.sparkappliance.storage;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A folder in S3 that files are put into. */
public final class S3Folder implements AutoCloseable {
  private static final Pattern LOCATION =
      Pattern.compile("s3[an]?://([^/?#]+)(?:/(.*?))?/?", Pattern.CASE_INSENSITIVE);

  /** A name that stays where it belongs: no part of it is empty or dots alone. */
  private static final Pattern NAME =
      Pattern.compile("(?!\\.+(/|$))[A-Za-z0-9._-]+(/(?!\\.+(/|$))[A-Za-z0-9._-]+)*");

  private final S3Uploads uploads;
  private final String prefix;

  private S3Folder(S3Uploads uploads, String prefix) {
    this.uploads = uploads;
    this.prefix = prefix;
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
    Matcher matcher = LOCATION.matcher(location);
    if (!matcher.matches()) {
      throw new ConfigurationException(
          new Problem(
              variable,
              Locations.redact(location),
              "this is no folder in S3",
              "Write s3://bucket/path/of/the/folder."));
    }
    String folder = matcher.group(2);
    try {
      return new S3Folder(
          new S3Uploads(environment, attempt, matcher.group(1)),
          folder == null || folder.isEmpty() ? "" : folder + "/");
    } catch (NoClassDefFoundError e) {
      throw new ConfigurationException(
          new Problem(
              variable,
              Locations.redact(location),
              "the AWS SDK is not installed here",
              "Put the S3 add-on into SPARK_APPLIANCE_HOME/spark-jars, or name a path."));
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
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("no name for an object: " + name);
    }
    uploads.put(prefix + name, file);
  }

  /** Frees the connections. */
  @Override
  public void close() {
    uploads.close();
  }
}
