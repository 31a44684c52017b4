package io.sparkappliance.jobs;

import java.time.Instant;

/**
 * A session that a user has named.
 *
 * @param name what its owner calls it
 * @param owner whose it is
 * @param created when it was made
 * @param lastUsed when it was made, or when the last job of it ended
 * @param busy whether a job of it waits or runs
 */
public record SessionInfo(
    String name, String owner, Instant created, Instant lastUsed, boolean busy) {}
