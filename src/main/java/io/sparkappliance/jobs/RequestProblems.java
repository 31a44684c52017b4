package io.sparkappliance.jobs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Collects what is wrong with a submission, so that its sender is told all of it at once. */
public final class RequestProblems {
  private final List<InvalidRequestException> found = new ArrayList<>();

  /** Looks at one part of a submission. */
  @FunctionalInterface
  public interface Check<T> {
    /**
     * What this part says.
     *
     * @throws InvalidRequestException when it can't be used
     * @throws IOException when it can't be read
     */
    T read() throws IOException;
  }

  /**
   * Reads one part; what is wrong with it is kept for {@link #finish}.
   *
   * @return empty when it can't be used
   * @throws IOException when it can't be read
   */
  public <T> Optional<T> take(Check<T> part) throws IOException {
    try {
      return Optional.of(part.read());
    } catch (InvalidRequestException invalid) {
      found.add(invalid);
      return Optional.empty();
    }
  }

  /** Keeps a problem for {@link #finish}. */
  public void add(String field, String reason) {
    found.add(new InvalidRequestException(field, reason));
  }

  /**
   * Makes sure that there were none.
   *
   * @throws InvalidRequestException the first, which knows the others
   */
  public void finish() {
    if (!found.isEmpty()) {
      InvalidRequestException first = found.getFirst();
      found.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }
}
