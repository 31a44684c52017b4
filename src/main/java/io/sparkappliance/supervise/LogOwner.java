package io.sparkappliance.supervise;

import java.util.regex.Pattern;

/**
 * Whose logs they are: the first parts of their names in the store. What could lead elsewhere, or
 * is no part of a path, is replaced by underscores.
 *
 * @param stack the stack, or the application where there is none
 * @param instance one node of it
 */
public record LogOwner(String stack, String instance) {
  private static final Pattern UNSAFE = Pattern.compile("[^A-Za-z0-9._-]");
  private static final Pattern LEADING_DOTS = Pattern.compile("^\\.+");

  /** Names of hosts end here, too. */
  private static final int LONGEST = 253;

  /** Makes both safe. */
  public LogOwner {
    stack = part(stack);
    instance = part(instance);
  }

  /** A name as one part of a path: never empty, never hidden, never a way out. */
  static String part(String name) {
    String safe = UNSAFE.matcher(name).replaceAll("_");
    String visible = LEADING_DOTS.matcher(safe).replaceFirst("_");
    String some = visible.isEmpty() ? "_" : visible;
    return some.length() > LONGEST ? some.substring(0, LONGEST) : some;
  }

  /** Where a role's log is, below the store's folder: {@code stack/instance/role}. */
  String place(String role) {
    return stack + "/" + instance + "/" + part(role);
  }
}
