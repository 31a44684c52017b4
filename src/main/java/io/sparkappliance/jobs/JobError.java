package io.sparkappliance.jobs;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Why a job did not end well.
 *
 * @param message a sentence for its owner
 * @param errorClass Spark's name of the error, such as {@code TABLE_OR_VIEW_NOT_FOUND}
 * @param sqlState five characters, ISO/IEC 9075
 * @param line where in the statement, from 1
 * @param position where in that line, from 0, as Spark counts
 */
public record JobError(
    String message,
    Optional<String> errorClass,
    Optional<String> sqlState,
    OptionalInt line,
    OptionalInt position) {

  /** An error of which there is only a sentence. */
  public static JobError of(String message) {
    return new JobError(
        message, Optional.empty(), Optional.empty(), OptionalInt.empty(), OptionalInt.empty());
  }
}
