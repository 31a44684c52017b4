package io.sparkappliance.jobs;

/** A job ended badly; the message is for its owner. */
final class JobFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient JobError error;

  JobFailure(String reason) {
    this(JobError.of(reason), null);
  }

  JobFailure(String reason, Throwable cause) {
    this(JobError.of(reason), cause);
  }

  JobFailure(JobError error, Throwable cause) {
    super(error.message(), cause);
    this.error = error;
  }

  /** What to tell. */
  JobError error() {
    return error;
  }
}
