package io.sparkappliance.jobs;

/**
 * By what a driver is known among those of a master, also when the answer to its submission was
 * lost, and when Spark has started it anew under another id: it stands behind the name of its main
 * class.
 *
 * @param job whose it is
 * @param attempt the job's
 */
record DriverMark(JobId job, int attempt) {
  static DriverMark of(Job job) {
    return new DriverMark(job.id(), job.attempt());
  }

  /**
   * Whether a driver has it.
   *
   * @param program what the master shows as its program
   */
  boolean isOn(String program) {
    return program.endsWith(toString());
  }

  /** Begins with a space, which no name of a class has. */
  @Override
  public String toString() {
    return " [job " + job + ", attempt " + attempt + "]";
  }
}
