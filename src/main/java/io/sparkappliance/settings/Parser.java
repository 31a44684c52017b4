package io.sparkappliance.settings;

import java.util.Optional;
import java.util.function.Function;

/**
 * Reads the text of one kind of variable.
 *
 * @param accepted what is accepted, as the rest of a sentence: {@code "must be …"}
 * @param example a text that would be accepted
 * @param secret whether the text must not be shown
 * @param read gives the value, or empty when the text is none
 * @param <T> type of the value
 */
public record Parser<T>(
    String accepted, String example, boolean secret, Function<String, Optional<T>> read) {

  /** A parser of text that may be shown. */
  public Parser(String accepted, String example, Function<String, Optional<T>> read) {
    this(accepted, example, false, read);
  }
}
