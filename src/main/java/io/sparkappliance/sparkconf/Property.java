package io.sparkappliance.sparkconf;

import java.util.Objects;

/**
 * The value of one Spark setting, and who gave it.
 *
 * @param value as Spark reads it; a secret when its key says so, see {@link
 *     io.sparkappliance.settings.SparkSetting#isSecret}
 * @param layer where it came from
 */
public record Property(String value, Layer layer) {
  /** Neither part may be null. */
  public Property {
    Objects.requireNonNull(value, "value");
    Objects.requireNonNull(layer, "layer");
  }
}
