package io.sparkappliance.jobs;

/**
 * What somebody's jobs take on disk.
 *
 * @param inputBytes uploads
 * @param outputBytes results and logs of jobs that are over
 */
record Stored(long inputBytes, long outputBytes) {}
