package io.sparkappliance.jobs;

import io.sparkappliance.settings.Settings;
import java.time.Duration;

/**
 * How much is done, and kept.
 *
 * @param queries SQL jobs that run at once
 * @param applications applications that run at once
 * @param waiting jobs of each kind that may wait for their turn
 * @param runningPerUser jobs of each kind of one user that run at once
 * @param waitingPerUser jobs of each kind of one user that may wait for their turn
 * @param inputBytesPerUser size of all uploads of one user
 * @param outputBytesPerUser size of all that the jobs of one user have left behind
 * @param outputBytes what one job may leave behind
 * @param keep how long a job is kept after its end
 * @param keepBytes uploads and outputs of all jobs; above this those that ended first are removed
 * @param stopTime how long running jobs have for an orderly end
 */
record JobLimits(
    int queries,
    int applications,
    int waiting,
    int runningPerUser,
    int waitingPerUser,
    long inputBytesPerUser,
    long outputBytesPerUser,
    long outputBytes,
    Duration keep,
    long keepBytes,
    Duration stopTime) {

  static JobLimits of(Settings.Gateway gateway, Duration stopTime) {
    Settings.JobQuotas quotas = gateway.quotas();
    return new JobLimits(
        gateway.maxConcurrentQueries(),
        gateway.maxConcurrentApplications(),
        quotas.queued(),
        quotas.runningPerUser(),
        quotas.queuedPerUser(),
        quotas.uploadsPerUser().bytes(),
        quotas.outputsPerUser().bytes(),
        quotas.outputPerJob().bytes(),
        quotas.keep(),
        quotas.keepSize().bytes(),
        stopTime);
  }

  /** Whether what users have stored has to be counted at all. */
  boolean boundsStored() {
    return inputBytesPerUser != Long.MAX_VALUE || outputBytesPerUser != Long.MAX_VALUE;
  }
}
