package io.sparkappliance.jobs;

/**
 * Why a running job is ended before its time.
 *
 * @param sentence for the job's owner
 */
record Stop(String sentence) {}
