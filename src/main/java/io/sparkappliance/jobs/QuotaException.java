package io.sparkappliance.jobs;

/** Somebody has as much as they may have. */
public final class QuotaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says of what, and what would help. */
  public QuotaException(String reason) {
    super(reason);
  }
}
