package io.sparkappliance.jobs;

import java.util.regex.Pattern;

/**
 * By what a session is known.
 *
 * @param owner whose it is
 * @param name what its owner calls it
 */
record SessionKey(String owner, String name) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /**
   * Checks a name.
   *
   * @param field where it was sent
   * @throws InvalidRequestException when it is none
   */
  static String checkedName(String field, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new InvalidRequestException(
          field, "must have 1 to 64 letters, digits, dots, dashes or underscores");
    }
    return name;
  }
}
