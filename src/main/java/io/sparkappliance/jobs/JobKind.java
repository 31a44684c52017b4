package io.sparkappliance.jobs;

/** What a job runs. */
public enum JobKind {
  /** A script of SQL statements, by way of the thrift server. */
  SQL,
  /** A program of the user's, by way of spark-submit. */
  APPLICATION
}
