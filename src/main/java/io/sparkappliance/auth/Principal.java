package io.sparkappliance.auth;

import io.sparkappliance.settings.UserRole;

/**
 * Who calls.
 *
 * @param name by which they own jobs; unique at their provider
 * @param role what they may do
 */
public record Principal(String name, UserRole role) {
  /** Whoever has the node's own token, or everybody where nobody is asked. */
  public static final Principal LOCAL = new Principal("local", UserRole.ADMIN);

  private static final int LONGEST_NAME = 256;

  /**
   * Whether a person whom a provider knows can be called so: logs and records can hold it, and
   * nobody takes it for {@link #LOCAL}.
   */
  static boolean isName(String name) {
    return !name.isBlank()
        && name.length() <= LONGEST_NAME
        && name.codePoints().noneMatch(Principal::isUnprintable)
        && !name.equals(LOCAL.name());
  }

  private static boolean isUnprintable(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
