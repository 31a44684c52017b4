package io.sparkappliance.jobs;

/** A submission that is sound, but can't be accepted now. */
public final class UnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says why, and what would help. */
  public UnavailableException(String reason) {
    super(reason);
  }
}
