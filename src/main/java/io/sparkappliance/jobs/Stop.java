package io.sparkappliance.jobs;

/**
 * Why a running job is ended before its time.
 *
 * @param sentence for the job's owner
 */
record Stop(String sentence) {
  /** Somebody asked for it; who, the job itself tells. */
  static final Stop CANCELLED = new Stop("cancelled");

  static final Stop GATEWAY_STOPS = new Stop("interrupted: the gateway was stopped");
}
