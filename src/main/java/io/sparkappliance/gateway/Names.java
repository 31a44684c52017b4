package io.sparkappliance.gateway;

import java.util.Locale;

/** What constants are called in answers. */
final class Names {
  private Names() {}

  static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
