package io.sparkappliance.jobs;

/** A job ended badly; the message is for its owner. */
final class JobFailure extends Exception {
  private static final long serialVersionUID = 1L;

  JobFailure(String reason) {
    super(reason);
  }

  JobFailure(String reason, Throwable cause) {
    super(reason, cause);
  }
}
