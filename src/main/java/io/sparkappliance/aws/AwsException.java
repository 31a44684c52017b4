package io.sparkappliance.aws;

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

  AwsException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** There is no such thing, by all that AWS says. */
  public static AwsException missing(String message) {
    return new AwsException(Kind.MISSING, message, null);
  }

  /** Nobody gave this node the right. */
  public static AwsException denied(String message) {
    return new AwsException(Kind.DENIED, message, null);
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
