package io.sparkappliance.jobs;

import java.util.Optional;

/** A job ended badly; the message is for its owner. */
final class JobFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient JobError error;
  private final transient Optional<JobState> last;

  JobFailure(String reason) {
    this(JobError.of(reason), null);
  }

  JobFailure(String reason, Throwable cause) {
    this(JobError.of(reason), cause);
  }

  JobFailure(JobError error, Throwable cause) {
    this(error, cause, Optional.empty());
  }

  private JobFailure(JobError error, Throwable cause, Optional<JobState> last) {
    super(error.message(), cause);
    this.error = error;
    this.last = last;
  }

  /** One after which the job is not begun again: what it did, or does, is not known. */
  static JobFailure last(JobState end, String reason) {
    return new JobFailure(JobError.of(reason), null, Optional.of(end));
  }

  /** The job's end, where it is not to be begun again, whatever its owner allows. */
  Optional<JobState> last() {
    return last;
  }

  /** What to tell. */
  JobError error() {
    return error;
  }
}
