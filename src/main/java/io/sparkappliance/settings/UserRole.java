package io.sparkappliance.settings;

/** What a person may do at the gateway; each role may do what those before it may. */
public enum UserRole {
  /** Sees their own jobs. */
  READER,
  /** Submits jobs. */
  USER,
  /** Sees everybody's jobs, and acts on the cluster. */
  ADMIN;

  /** Whether this role may do what that one may. */
  public boolean covers(UserRole needed) {
    return compareTo(needed) >= 0;
  }
}
