package io.sparkappliance.supervise;

/** One attempt to store a piece of a log failed. */
public final class ShipmentFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean temporary;

  /**
   * @param message what went wrong and what to do about it, without credentials; the same for the
   *     same trouble
   * @param temporary whether another attempt may succeed without anybody doing anything
   */
  public ShipmentFailure(String message, boolean temporary, Throwable cause) {
    super(message, cause);
    this.temporary = temporary;
  }

  /** Whether another attempt may succeed without anybody doing anything. */
  boolean isTemporary() {
    return temporary;
  }
}
