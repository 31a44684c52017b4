package io.sparkappliance.jobs;

/** A message did not reach its receiver; the text says why, and has no secrets. */
final class WebhookFailure extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean lasting;

  private WebhookFailure(String reason, boolean lasting, Throwable cause) {
    super(reason, cause);
    this.lasting = lasting;
  }

  /** One that may pass. */
  static WebhookFailure passing(String reason, Throwable cause) {
    return new WebhookFailure(reason, false, cause);
  }

  /** One that may pass. */
  static WebhookFailure passing(String reason) {
    return passing(reason, null);
  }

  /** One that would be the same the next time. */
  static WebhookFailure lasting(String reason) {
    return new WebhookFailure(reason, true, null);
  }

  /** Whether another attempt makes no sense. */
  boolean isLasting() {
    return lasting;
  }
}
