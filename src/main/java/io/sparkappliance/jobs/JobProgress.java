package io.sparkappliance.jobs;

import io.sparkappliance.cluster.Work;

/**
 * How far a running SQL job is.
 *
 * @param work stages and tasks of the statement that runs, as far as Spark has planned it
 * @param percent of the whole script, from 0 to 100; never less than it was before
 * @param ui address of the Spark application's pages
 */
public record JobProgress(Work work, int percent, String ui) {}
