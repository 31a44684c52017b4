package io.sparkappliance.storage;

/** One attempt to fetch or to store something failed. */
public final class FetchFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final String remedy;
  private final boolean temporary;

  /**
   * @param message what went wrong, one clause without credentials
   * @param remedy what the user can do about it
   * @param temporary whether another attempt may succeed
   */
  FetchFailure(String message, String remedy, boolean temporary, Throwable cause) {
    super(message, cause);
    this.remedy = remedy;
    this.temporary = temporary;
  }

  /** What the user can do about it, a sentence. */
  public String remedy() {
    return remedy;
  }

  /** Whether another attempt may succeed without anybody doing anything. */
  public boolean isTemporary() {
    return temporary;
  }
}
