package io.sparkappliance.cloudformation;

import java.util.List;
import java.util.Map;

/** What a YAML document is made of, with types. */
final class Values {
  private Values() {}

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  static List<Object> list(Object value) {
    return (List<Object>) value;
  }

  /** A list of maps. */
  static List<Map<String, Object>> maps(Object value) {
    return list(value).stream().map(Values::map).toList();
  }

  /** One value or a list of them, as policies have it; as text. */
  static List<String> strings(Object value) {
    return value instanceof List<?> many
        ? many.stream().map(String::valueOf).toList()
        : List.of(String.valueOf(value));
  }

  /** What is at the end of a path of keys. */
  static Object at(Object value, String... path) {
    Object found = value;
    for (String key : path) {
      if (!(found instanceof Map<?, ?> map) || !map.containsKey(key)) {
        throw new AssertionError("there is no " + key + " in " + found);
      }
      found = map.get(key);
    }
    return found;
  }
}
