package io.sparkappliance.settings;

/**
 * Where one variable's value came from, for {@code check}.
 *
 * @param name variable
 * @param value its text; asterisks for a secret; empty when it has none
 * @param origin {@code default}, {@code environment}, {@code environment, as ALIAS}, {@code file
 *     PATH}, or {@code not set}
 */
public record Resolved(String name, String value, String origin) {
  /** As an origin: nobody gave it, and it has a default. */
  static final String DEFAULT = "default";

  /** Whether the value is the default, because nobody gave one. */
  public boolean isDefault() {
    return origin.equals(DEFAULT);
  }
}
