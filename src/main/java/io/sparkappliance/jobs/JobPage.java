package io.sparkappliance.jobs;

import java.util.List;
import java.util.Optional;

/**
 * A part of a list of jobs.
 *
 * @param jobs newest first
 * @param next where the next part begins; empty when this is the last one
 */
public record JobPage(List<Job> jobs, Optional<JobQuery.Cursor> next) {
  /** Takes a copy. */
  public JobPage {
    jobs = List.copyOf(jobs);
  }
}
