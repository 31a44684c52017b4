package io.sparkappliance.settings;

import java.util.ArrayList;
import java.util.List;

/** Collects every problem, so that the user sees all of them at once. */
public final class Problems {
  private final List<Problem> found = new ArrayList<>();

  /** Notes a problem; see {@link Problem} for the parts. */
  public void add(String field, String value, String accepted, String remedy) {
    found.add(new Problem(field, value, accepted, remedy));
  }

  /** Whether nothing is wrong so far. */
  public boolean isEmpty() {
    return found.isEmpty();
  }

  /** What was found, in the order it was found. */
  public List<Problem> list() {
    return List.copyOf(found);
  }

  /**
   * Ends the phase that collected the problems.
   *
   * @throws ConfigurationException with all of them, when there is any
   */
  public void throwIfAny() {
    if (!found.isEmpty()) {
      throw new ConfigurationException(list());
    }
  }
}
