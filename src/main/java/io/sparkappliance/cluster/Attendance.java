package io.sparkappliance.cluster;

import java.util.List;
import java.util.OptionalInt;

/**
 * Who of a group is there, as one look tells.
 *
 * @param present addresses or names, sorted; empty while nobody is
 * @param expected how many there shall be, with those that are not healthy yet; empty where nothing
 *     tells
 */
public record Attendance(List<String> present, OptionalInt expected) {
  /** Takes a copy that can't be changed. */
  public Attendance {
    present = List.copyOf(present);
  }
}
