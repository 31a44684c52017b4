package io.sparkappliance.jobs;

import io.sparkappliance.storage.FetchFailure;
import java.io.IOException;

/** The place where all gateways find the files of jobs does not answer now. */
public final class UnreachableFilesException extends IOException {
  private static final long serialVersionUID = 1;

  UnreachableFilesException(String location, FetchFailure failure) {
    super(
        "JOBS_DIR=%s: %s. %s".formatted(location, failure.getMessage(), failure.remedy()), failure);
  }

  /** What it sends breaks off. */
  UnreachableFilesException(String location, IOException broken) {
    super("JOBS_DIR=%s: a transfer broke off: %s".formatted(location, broken), broken);
  }
}
