package io.sparkappliance.jobs;

import java.util.Optional;

/**
 * The driver that one of the cluster's workers runs for a job. That a job has one is written down
 * before a master is asked for it.
 *
 * @param id what masters call it; empty until that is known
 */
public record JobDriver(Optional<String> id) {
  /** One for which a master may have been asked. */
  static final JobDriver ASKED_FOR = new JobDriver(Optional.empty());
}
