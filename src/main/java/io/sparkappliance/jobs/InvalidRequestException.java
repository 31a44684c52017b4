package io.sparkappliance.jobs;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A submission that can't be accepted because of what is in it; its sender can mend that. */
public final class InvalidRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String field;

  /**
   * Says what is wrong.
   *
   * @param field the field of the form that has to change
   * @param reason what is wrong with it and what would be accepted, as a sentence
   */
  public InvalidRequestException(String field, String reason) {
    super(reason);
    this.field = field;
  }

  /** This one, and others of the same submission. */
  public List<InvalidRequestException> all() {
    return Stream.concat(
            Stream.of(this),
            Arrays.stream(getSuppressed())
                .filter(InvalidRequestException.class::isInstance)
                .map(InvalidRequestException.class::cast))
        .toList();
  }

  /** The field of the form. */
  public String field() {
    return field;
  }
}
