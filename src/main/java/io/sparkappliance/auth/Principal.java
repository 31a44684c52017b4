package io.sparkappliance.auth;

import io.sparkappliance.settings.UserRole;
import java.util.Optional;

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
   * A person whom a provider knows.
   *
   * @return empty when the name is none that logs and records can hold, or would be taken for
   *     {@link #LOCAL}
   */
  static Optional<Principal> known(String name, UserRole role) {
    boolean usable =
        !name.isBlank()
            && name.length() <= LONGEST_NAME
            && name.codePoints().noneMatch(Principal::isUnprintable)
            && !name.equals(LOCAL.name());
    return usable ? Optional.of(new Principal(name, role)) : Optional.empty();
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
