package io.sparkappliance.jobs;

/** Where a job is in its life. A final state never changes again. */
public enum JobState {
  /** Accepted and written down; waits for its turn. */
  QUEUED(false),
  /** Its session or its process is being started. */
  STARTING(false),
  /** Runs. */
  RUNNING(false),
  /** Ended well; its output is complete. */
  SUCCEEDED(true),
  /** Ended badly, or was interrupted; the output so far is kept. */
  FAILED(true),
  /** Ended because somebody asked for it; the output so far is kept. */
  CANCELLED(true),
  /** Nobody knows how it ended, or how far it came. */
  LOST(true);

  private final boolean end;

  JobState(boolean end) {
    this.end = end;
  }

  /** Whether the job is over. */
  public boolean isFinal() {
    return end;
  }
}
