package io.sparkappliance.jobs;

/** What is asked for does not go together with how things are. */
public final class ConflictException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what does not go together. */
  public ConflictException(String reason) {
    super(reason);
  }
}
