package io.sparkappliance.supervise;

import java.util.Arrays;
import java.util.Optional;

/** What some lines of Spark's logs mean to the person who runs the node, for they don't say it. */
enum Explanation {
  /**
   * Spark's client logs this when the handshake that proves the secret fails, for whatever reason.
   */
  WRONG_SECRET(
      "Exception while bootstrapping client",
      "another node seems to refuse the cluster secret of this one:"
          + " SPARK_RPC_AUTHENTICATION_SECRET must be the same on every node");

  private final String sign;
  private final String meaning;

  Explanation(String sign, String meaning) {
    this.sign = sign;
    this.meaning = meaning;
  }

  /** The one for a line; empty for most lines. */
  static Optional<Explanation> of(String line) {
    return Arrays.stream(values()).filter(one -> line.contains(one.sign)).findFirst();
  }

  /** For people. */
  String meaning() {
    return meaning;
  }
}
