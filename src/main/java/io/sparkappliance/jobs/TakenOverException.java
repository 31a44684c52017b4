package io.sparkappliance.jobs;

import java.io.IOException;

/** A job is another gateway's business now: what this one says of it does not count any more. */
final class TakenOverException extends IOException {
  private static final long serialVersionUID = 1;

  TakenOverException(JobId id) {
    super("job " + id + " was taken over by another gateway");
  }
}
