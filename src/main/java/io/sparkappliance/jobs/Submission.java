package io.sparkappliance.jobs;

import java.time.Instant;
import java.util.Optional;

/**
 * What was accepted: the part of a job that does not change while it runs.
 *
 * @param kind what it runs
 * @param owner who submitted it
 * @param at when, in microseconds
 * @param node the gateway that took it, or took it over
 * @param terms what its owner asked for
 * @param fingerprint of the request, by which a repetition of it is recognised; 64 hexadecimal
 *     digits
 * @param inputBytes size of what was uploaded
 */
public record Submission(
    JobKind kind,
    String owner,
    Instant at,
    String node,
    Terms terms,
    Optional<String> fingerprint,
    long inputBytes) {
  /** Whether another is of the same job, whoever has it. */
  boolean isOf(Submission other) {
    return on(other.node()).equals(other);
  }

  /** The same, taken over. */
  Submission on(String other) {
    return new Submission(kind, owner, at, other, terms, fingerprint, inputBytes);
  }
}
