package io.sparkappliance.sparkconf;

import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Collects Spark settings from all layers; of each key the strongest layer's value remains. */
final class SparkProperties {
  private final SortedMap<String, Property> strongest = new TreeMap<>();

  /** Gives a value; a layer that gives a key twice keeps the later one. */
  void put(Layer layer, String key, String value) {
    Property present = strongest.get(key);
    if (present == null || present.layer().compareTo(layer) <= 0) {
      strongest.put(key, new Property(value, layer));
    }
  }

  /** Gives all values of a file. */
  void putAll(Layer layer, Map<String, String> values) {
    values.forEach((key, value) -> put(layer, key, value));
  }

  /** The value so far. */
  Optional<String> value(String key) {
    return Optional.ofNullable(strongest.get(key)).map(Property::value);
  }

  /** The value so far, when a person chose it. */
  Optional<Property> chosen(String key) {
    return Optional.ofNullable(strongest.get(key)).filter(p -> p.layer().isSetByUser());
  }

  /** Whether a person switched this on. */
  boolean isTrue(String key) {
    return value(key).map(Boolean::parseBoolean).orElse(false);
  }

  /** Takes a key out, whoever gave it. */
  void remove(String key) {
    strongest.remove(key);
  }

  SortedMap<String, Property> asMap() {
    return new TreeMap<>(strongest);
  }
}
