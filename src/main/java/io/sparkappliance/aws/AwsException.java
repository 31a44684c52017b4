package io.sparkappliance.aws;

import java.util.Optional;

/** AWS did not do what it was asked. */
public final class AwsException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What can be done about it. */
  public enum Kind {
    /** Nobody gave this node the right. */
    DENIED,
    /** There is no such thing. */
    MISSING,
    /** The account calls too often: later. */
    THROTTLED,
    /** No answer, or an error of AWS's own: later. */
    UNAVAILABLE,
    /** A request that AWS doesn't take. */
    REFUSED
  }

  private final Kind kind;
  private final boolean isOfCredentials;

  AwsException(Kind kind, String message, Throwable cause) {
    this(kind, message, cause, false);
  }

  private AwsException(Kind kind, String message, Throwable cause, boolean isOfCredentials) {
    super(message, cause);
    this.kind = kind;
    this.isOfCredentials = isOfCredentials;
  }

  /** There is no such thing, by all that AWS says. */
  public static AwsException missing(String message) {
    return new AwsException(Kind.MISSING, message, null);
  }

  /** Nobody gave this node the right. */
  public static AwsException denied(String message) {
    return new AwsException(Kind.DENIED, message, null);
  }

  /** AWS does not take the keys, or the time of the signature: yet, or ever. */
  static AwsException credentials(String message) {
    return new AwsException(Kind.DENIED, message, null, true);
  }

  /** What to do where this is not about rights; empty: it depends on what was asked for. */
  public Optional<String> remedy() {
    return isOfCredentials
        ? Optional.of(
            "Check the keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), or leave"
                + " them out for the role's, and the machine's clock.")
        : Optional.empty();
  }

  /** Whether it is about who asks, not about what may be asked. */
  boolean isOfCredentials() {
    return isOfCredentials;
  }

  /** What can be done about it. */
  public Kind kind() {
    return kind;
  }

  /** Whether AWS itself said no; otherwise it could not even be asked. */
  boolean isAnswer() {
    return getCause() == null;
  }

  /** Whether the same request may succeed later. */
  public boolean isTemporary() {
    return kind == Kind.THROTTLED || kind == Kind.UNAVAILABLE;
  }
}
