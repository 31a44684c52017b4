package io.sparkappliance.settings;

/** Nothing is wrong with the environment, but it asks for nothing: the user needs the help text. */
public final class NoRoleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Names the variables that ask for something. */
  public NoRoleException() {
    super("no role is asked for: set at least one START_… variable to true");
  }
}
