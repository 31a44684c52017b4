package io.sparkappliance.jobs;

/**
 * How many jobs of a gateway are not over.
 *
 * @param running those that have begun
 * @param queued those that wait for their turn
 */
public record JobCounts(int running, int queued) {}
