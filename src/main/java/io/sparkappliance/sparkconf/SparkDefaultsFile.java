package io.sparkappliance.sparkconf;

import java.util.SortedMap;

/** {@code spark-defaults.conf}: what every driver and daemon on this node reads. */
final class SparkDefaultsFile {
  private SparkDefaultsFile() {}

  /** All settings, grouped by the layer that gave them; each key once. */
  static String render(SortedMap<String, Property> properties) {
    StringBuilder out = new StringBuilder();
    out.append(
        "# Written by spark-appliance at each start: changes here are lost. Holds secrets.\n");
    for (Layer layer : Layer.values()) {
      StringBuilder lines = new StringBuilder();
      properties.forEach(
          (key, property) -> {
            if (property.layer() == layer) {
              lines.append(PropertiesFile.line(key, property.value()));
            }
          });
      if (!lines.isEmpty()) {
        out.append("\n# From: ").append(layer.label()).append('\n').append(lines);
      }
    }
    return out.toString();
  }
}
