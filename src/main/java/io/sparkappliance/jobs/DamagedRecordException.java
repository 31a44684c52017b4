package io.sparkappliance.jobs;

import java.io.IOException;

/** A record that can be read, but does not say what a job is. */
final class DamagedRecordException extends IOException {
  private static final long serialVersionUID = 1;

  DamagedRecordException(JobId id, Throwable cause) {
    super("the record of job " + id + " is damaged", cause);
  }
}
