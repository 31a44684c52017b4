package io.sparkappliance.spark;

import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/** Which places are buckets. */
final class ObjectStores {
  private static final Set<String> SCHEMES = Set.of("s3", "s3a", "s3n");

  private ObjectStores() {}

  /** Whether S3A serves this place. */
  static boolean isOn(String location) {
    String scheme = new Path(location).toUri().getScheme();
    return scheme != null && SCHEMES.contains(scheme.toLowerCase(Locale.ROOT));
  }
}
