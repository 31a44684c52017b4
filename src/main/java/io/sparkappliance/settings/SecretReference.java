package io.sparkappliance.settings;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a secret that AWS keeps, written where the secret itself could stand: {@code
 * ssm:/name} or {@code secretsmanager:name#field}.
 *
 * @param keeper who keeps it
 * @param id its name or ARN, as the keeper's own calls take it
 * @param field of a secret that is a JSON object; empty: the whole text
 */
public record SecretReference(Keeper keeper, String id, Optional<String> field) {
  private static final String ARN_REGION = "arn:aws[a-z-]*:[a-z]+:([a-z0-9-]+):.*";

  /** Services that keep secrets. */
  public enum Keeper {
    /** Parameter Store; a version or a label follows the name after a colon. */
    PARAMETER_STORE(
        "ssm:",
        "Parameter Store",
        "((?:arn:aws[a-z-]*:ssm:[a-z0-9-]+:\\d{12}:parameter/)?[A-Za-z0-9_./-]+(?::[A-Za-z0-9_.-]+)?)()"),
    /** Secrets Manager; a field follows the name after a number sign. */
    SECRETS_MANAGER(
        "secretsmanager:",
        "Secrets Manager",
        "((?:arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\\d{12}:secret:)?[A-Za-z0-9/_+=.@!-]+)"
            + "(#[^#\\s]+)?");

    private final String prefix;
    private final String title;
    private final Pattern names;

    Keeper(String prefix, String title, String names) {
      this.prefix = prefix;
      this.title = title;
      this.names = Pattern.compile(names);
    }

    /** What people call it. */
    public String title() {
      return title;
    }
  }

  /**
   * Whether a text begins as references do. Such a text is never taken for the secret itself, even
   * if {@link #parse} can't read it.
   */
  public static boolean isMeant(String text) {
    return keeperOf(text).isPresent();
  }

  /** Reads a whole text; empty when it is no reference, or one whose name no keeper takes. */
  public static Optional<SecretReference> parse(String text) {
    return keeperOf(text).flatMap(keeper -> parse(keeper, text.strip()));
  }

  private static Optional<SecretReference> parse(Keeper keeper, String text) {
    Matcher matcher = keeper.names.matcher(text.substring(keeper.prefix.length()));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Optional<String> field =
        Optional.ofNullable(matcher.group(2))
            .filter(part -> !part.isEmpty())
            .map(part -> part.substring(1));
    return Optional.of(new SecretReference(keeper, matcher.group(1), field));
  }

  private static Optional<Keeper> keeperOf(String text) {
    String stripped = text.strip();
    for (Keeper keeper : Keeper.values()) {
      if (stripped.startsWith(keeper.prefix)) {
        return Optional.of(keeper);
      }
    }
    return Optional.empty();
  }

  /** The region that an ARN names; a name alone is looked up in the node's own region. */
  public Optional<String> region() {
    Matcher matcher = Pattern.compile(ARN_REGION).matcher(id);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /** As it was written. */
  @Override
  public String toString() {
    return keeper.prefix + id + field.map(name -> "#" + name).orElse("");
  }
}
