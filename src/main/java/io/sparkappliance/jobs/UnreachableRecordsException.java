package io.sparkappliance.jobs;

import java.io.IOException;

/** The database with the records of jobs does not answer now. */
public final class UnreachableRecordsException extends IOException {
  private static final long serialVersionUID = 1;

  UnreachableRecordsException(String message, Throwable cause) {
    super(message, cause);
  }
}
