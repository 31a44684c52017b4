package io.sparkappliance.settings;

import java.util.List;

/**
 * The user's configuration can't be used. Shown without a stack trace; the process ends with {@link
 * #EXIT_CODE}.
 */
public final class ConfigurationException extends RuntimeException {
  /** {@code EX_CONFIG} of BSD's {@code sysexits.h}. */
  public static final int EXIT_CODE = 78;

  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  /** Carries all problems; the message numbers them. */
  public ConfigurationException(List<Problem> problems) {
    super(numbered(problems));
    this.problems = List.copyOf(problems);
  }

  /** Carries a single problem. */
  public ConfigurationException(Problem problem) {
    this(List.of(problem));
  }

  /** What is wrong, in the order it was found. */
  public List<Problem> problems() {
    return problems;
  }

  private static String numbered(List<Problem> problems) {
    StringBuilder text = new StringBuilder();
    text.append(problems.size() == 1 ? "1 problem" : problems.size() + " problems")
        .append(" with the configuration:");
    for (int i = 0; i < problems.size(); i++) {
      text.append('\n').append(i + 1).append(". ").append(problems.get(i));
    }
    return text.toString();
  }
}
