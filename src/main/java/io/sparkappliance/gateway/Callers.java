package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.sparkappliance.jobs.Jobs;

/** Who calls, and what they may. */
final class Callers {
  /** The owner of what this caller submits. */
  String name(Context context) {
    return Jobs.LOCAL_OWNER;
  }

  /** Whether this caller may see and end other people's jobs. */
  boolean mayReadAll(Context context) {
    return false;
  }
}
