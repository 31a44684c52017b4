package io.sparkappliance.settings;

import java.util.List;
import java.util.Optional;

/**
 * One environment variable of the catalogue.
 *
 * @param name its name
 * @param aliases other names that mean the same, for users of other images
 * @param group heading under which it is documented
 * @param parser reads its text
 * @param fallback text that is read when the variable is not set; empty: it then has no value
 * @param meaning what it does, one or more sentences
 * @param <T> type of the value
 */
public record Variable<T>(
    String name,
    List<String> aliases,
    Group group,
    Parser<T> parser,
    Optional<String> fallback,
    String meaning) {

  /** Ending of the variable that names a file with the value instead. */
  public static final String FILE_SUFFIX = "_FILE";

  /** Takes a copy that can't be changed. */
  public Variable {
    aliases = List.copyOf(aliases);
  }

  /** Whether the value must not be shown; such a variable can also be given by a file. */
  public boolean isSecret() {
    return parser.secret();
  }

  /** Headings of the documentation, in its order. */
  public enum Group {
    /** What the node runs. */
    ROLES("Roles"),
    /** The other nodes. */
    CLUSTER("Cluster"),
    /** Sizes. */
    RESOURCES("Memory and cores"),
    /** What is fetched before the start. */
    SOURCES("Configuration and libraries"),
    /** Who may use what. */
    ACCESS("Access and encryption"),
    /** Who tells the gateway who calls. */
    IDENTITY("Identities at the gateway"),
    /** The REST gateway. */
    GATEWAY("REST gateway"),
    /** Addresses and ports. */
    NETWORK("Addresses and ports"),
    /** Supervision and logs. */
    OPERATION("Operation"),
    /** Directories. */
    PATHS("Paths");

    private final String title;

    Group(String title) {
      this.title = title;
    }

    /** The heading. */
    public String title() {
      return title;
    }
  }
}
