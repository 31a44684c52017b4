package io.sparkappliance.jobs;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Names of columns for formats in which no two may have the same. */
final class ColumnNames {
  private ColumnNames() {}

  /** In their order; of columns with one name the later ones get a number. */
  static List<String> unique(List<Column> columns) {
    List<String> names = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (Column column : columns) {
      String name = column.name();
      for (int number = 2; !taken.add(name); number++) {
        name = column.name() + "_" + number;
      }
      names.add(name);
    }
    return names;
  }
}
