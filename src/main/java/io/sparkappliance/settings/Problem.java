package io.sparkappliance.settings;

/**
 * One thing the user can mend.
 *
 * @param field variable, key or file that is wrong
 * @param value what was found there, masked when it is a secret; empty when nothing was given
 * @param accepted what would be accepted
 * @param remedy what to do about it
 */
public record Problem(String field, String value, String accepted, String remedy) {
  /** One or two lines: what was found, what is accepted, what to do. */
  @Override
  public String toString() {
    String found = value.isEmpty() ? field : field + "=" + value;
    String end = accepted.endsWith("?") ? "" : ".";
    return found + ": " + accepted + end + "\n   " + remedy;
  }
}
