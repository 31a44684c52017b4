package io.sparkappliance.storage;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Helpers for the locations that users write: paths and URIs. */
public final class Locations {
  private static final Pattern SCHEME = Pattern.compile("^([A-Za-z][A-Za-z0-9+.-]*):");
  private static final Pattern USER_INFO = Pattern.compile("(?<=//)[^/?#\\s]*@");
  private static final Pattern QUERY = Pattern.compile("\\?[^\\s'\"]*");
  private static final Set<String> S3_SCHEMES = Set.of("s3", "s3a", "s3n");
  private static final Pattern UNSAFE = Pattern.compile("[^A-Za-z0-9._-]");

  private Locations() {}

  /**
   * The text without what may be a credential in a URI: the user part, and the query (signed URLs
   * carry their signature there).
   */
  public static String redact(String text) {
    String withoutUser = USER_INFO.matcher(text).replaceAll("***@");
    return withoutUser.contains("://")
        ? QUERY.matcher(withoutUser).replaceAll("?***")
        : withoutUser;
  }

  /** Lower-case scheme of a URI; empty for a plain path. */
  public static String scheme(String location) {
    Matcher matcher = SCHEME.matcher(location);
    return matcher.find() ? matcher.group(1).toLowerCase(Locale.ROOT) : "";
  }

  /** Whether the location is in S3: all its schemes mean the same. */
  static boolean isS3(String location) {
    return S3_SCHEMES.contains(scheme(location));
  }

  /** Whether the location is on this machine: a path or a {@code file:} URI. */
  public static boolean isLocal(String location) {
    String scheme = scheme(location);
    return scheme.isEmpty() || scheme.equals("file");
  }

  /**
   * The last part of the location as a safe file name: letters, digits, dots, dashes and
   * underscores, never a hidden file, never a path. Empty when the location ends in a slash.
   */
  public static String fileName(String location) {
    String path = location;
    if (!scheme(location).isEmpty()) {
      path = path.replaceFirst("[?#].*$", "");
    }
    String last = path.substring(path.lastIndexOf('/') + 1);
    return UNSAFE.matcher(last).replaceAll("_").replaceFirst("^\\.+", "_");
  }
}
