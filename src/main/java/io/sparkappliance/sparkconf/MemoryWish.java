package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.MemorySize;
import java.util.Optional;

/**
 * How much memory is wanted for something.
 *
 * @param size how much
 * @param source what the user wrote to ask for it, such as {@code EXECUTOR_MEMORY}; empty: nobody
 *     asked, the value is a default that may shrink
 */
record MemoryWish(MemorySize size, Optional<String> source) {
  /** A default, which may shrink. */
  static MemoryWish ofDefault(MemorySize size) {
    return new MemoryWish(size, Optional.empty());
  }

  /** A value somebody set, which is kept. */
  static MemoryWish set(MemorySize size, String source) {
    return new MemoryWish(size, Optional.of(source));
  }

  boolean isSet() {
    return source.isPresent();
  }

  long mebibytes() {
    return size.toMebibytes();
  }
}
