package io.sparkappliance.storage;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A folder in S3.
 *
 * @param variable the variable that named it, for messages
 * @param text as it was named, without credentials
 * @param bucket where it is
 * @param prefix of its objects' keys: empty, or with a slash at the end
 */
record S3Location(String variable, String text, String bucket, String prefix) {
  private static final Pattern LOCATION =
      Pattern.compile("s3[an]?://([^/?#]+)(?:/(.*?))?/?", Pattern.CASE_INSENSITIVE);

  /** A name that stays where it belongs: no part of it is empty or dots alone. */
  private static final Pattern NAME =
      Pattern.compile("(?!\\.+(/|$))[A-Za-z0-9._-]+(/(?!\\.+(/|$))[A-Za-z0-9._-]+)*");

  /**
   * Reads {@code s3://bucket[/prefix]}.
   *
   * @throws ConfigurationException when it is no such place
   */
  static S3Location of(String variable, String location) {
    Matcher matcher = LOCATION.matcher(location);
    String shown = Locations.redact(location);
    if (!matcher.matches()) {
      throw new ConfigurationException(
          new Problem(
              variable, shown, "this is no folder in S3", "Write s3://bucket/path/of/the/folder."));
    }
    String folder = matcher.group(2);
    return new S3Location(
        variable, shown, matcher.group(1), folder == null || folder.isEmpty() ? "" : folder + "/");
  }

  /** What to tell where S3 can't be used for want of the SDK. */
  ConfigurationException withoutSdk() {
    return new ConfigurationException(
        new Problem(
            variable,
            text,
            "the AWS SDK is not installed here",
            "Put the S3 add-on into SPARK_APPLIANCE_HOME/spark-jars, or name a path."));
  }

  /** Whether something is the name of an object below the folder. */
  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /**
   * The key of an object.
   *
   * @param name below the folder: parts of letters, digits, dots, dashes and underscores
   * @throws IllegalArgumentException for a name that is none, or leads out of the folder
   */
  String key(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException("no name for an object: " + name);
    }
    return prefix + name;
  }
}
