package io.sparkappliance.jobs;

import java.time.Instant;
import java.util.Optional;

/**
 * How far the receiver of a job's webhook has been told of the job's end.
 *
 * @param event name of the message, the same whenever it is sent; 32 hexadecimal digits
 * @param state where it is
 * @param attempts how often it was sent, or was to be sent
 * @param due when it is to be sent, by the clock of the gateway that holds the job; the epoch: at
 *     once; empty where it is not pending
 * @param trouble why the last attempt did not succeed
 */
public record Delivery(
    String event, State state, int attempts, Optional<Instant> due, Optional<String> trouble) {

  /** Where a message is. */
  public enum State {
    /** The job is not over. */
    WAITING,
    /** It is to be sent, for the first time or once more. */
    PENDING,
    /** Its receiver has said that it has it. */
    DELIVERED,
    /** It is not sent any more. */
    FAILED
  }

  /** That of a job that was just accepted. */
  static Delivery ofNewJob() {
    return new Delivery(
        JobId.random().value(), State.WAITING, 0, Optional.empty(), Optional.empty());
  }

  /** The same message, of a job that is not over after all. */
  Delivery waiting() {
    return new Delivery(event, State.WAITING, 0, Optional.empty(), Optional.empty());
  }

  /** The same message, to be sent at once. */
  Delivery pending() {
    return new Delivery(event, State.PENDING, 0, Optional.of(Instant.EPOCH), Optional.empty());
  }

  /** The same message, to be sent once more. */
  Delivery again(Instant when, String why) {
    return new Delivery(event, State.PENDING, attempts + 1, Optional.of(when), Optional.of(why));
  }

  /** The same message, which its receiver has. */
  Delivery delivered() {
    return new Delivery(event, State.DELIVERED, attempts + 1, Optional.empty(), Optional.empty());
  }

  /** The same message, given up. */
  Delivery failed(String why) {
    return new Delivery(event, State.FAILED, attempts + 1, Optional.empty(), Optional.of(why));
  }
}
