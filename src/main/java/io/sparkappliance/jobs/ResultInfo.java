package io.sparkappliance.jobs;

import java.util.List;

/**
 * What there is to read of a result.
 *
 * @param columns what its rows hold
 * @param rows how many it has
 */
public record ResultInfo(List<Column> columns, long rows) {
  /** Takes a copy. */
  public ResultInfo {
    columns = List.copyOf(columns);
  }
}
