package io.sparkappliance.settings;

import java.io.IOException;
import java.nio.file.Path;
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

  /**
   * Something that a node needs can't be written to its data directory.
   *
   * @param data the directory
   * @param what the subject of a sentence, such as {@code the notebook's configuration}
   */
  public static ConfigurationException unwritable(Path data, String what, IOException failure) {
    return new ConfigurationException(
        new Problem(
            "SPARK_APPLIANCE_DATA",
            data.toString(),
            what + " can't be written there: " + failure,
            "Make the directory writable for the user the appliance runs as."));
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
