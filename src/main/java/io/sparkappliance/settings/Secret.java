package io.sparkappliance.settings;

import java.util.Objects;

/** A value that must never reach a log, a command line or an error message. */
public final class Secret {
  private final String value;

  /**
   * Wraps a secret value.
   *
   * @param value the secret as plain text, not empty
   * @throws IllegalArgumentException when the value is empty
   */
  public Secret(String value) {
    if (Objects.requireNonNull(value, "value").isEmpty()) {
      throw new IllegalArgumentException("a secret must not be empty");
    }
    this.value = value;
  }

  /** The plain text; call it only where the value is handed to the party it is meant for. */
  public String reveal() {
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret that && value.equals(that.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  /** Six asterisks, whatever the value. */
  @Override
  public String toString() {
    return "******";
  }
}
