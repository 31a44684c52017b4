package io.sparkappliance.jobs;

import java.io.IOException;

/** What a job has left behind can't be read on this machine, and another try would not help. */
final class UnreadableFilesException extends IOException {
  private static final long serialVersionUID = 1;

  UnreadableFilesException(IOException unreadable) {
    super(unreadable.toString(), unreadable);
  }
}
