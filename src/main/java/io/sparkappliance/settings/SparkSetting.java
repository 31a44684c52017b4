package io.sparkappliance.settings;

import java.util.Locale;
import java.util.regex.Pattern;

/** What can be told of a Spark setting by its key. */
public final class SparkSetting {
  private static final Pattern SECRET_KEY =
      Pattern.compile("secret|password|token(?!file)|access\\.?key|credential(?!s\\.provider)");

  private SparkSetting() {}

  /** Whether the value under this key must be masked wherever it is shown. */
  public static boolean isSecret(String key) {
    return SECRET_KEY.matcher(key.toLowerCase(Locale.ROOT)).find();
  }
}
