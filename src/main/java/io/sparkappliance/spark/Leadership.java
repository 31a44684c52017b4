package io.sparkappliance.spark;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** Whether this master leads, as far as it knows, and the node in ZooKeeper that proves it. */
final class Leadership {
  private final AtomicReference<String> proof = new AtomicReference<>();
  private volatile Runnable whenLost = () -> {};

  /** What to do with the master when it finds out that it does not lead. */
  void whenLost(Runnable action) {
    whenLost = action;
  }

  /** It leads for as long as this node exists. */
  void won(String node) {
    proof.set(node);
  }

  /** The node without which no write of this master may happen; empty when it does not lead. */
  Optional<String> proof() {
    return Optional.ofNullable(proof.get());
  }

  /** It leads no more: said once for each time it led. */
  void lost() {
    if (proof.getAndSet(null) != null) {
      whenLost.run();
    }
  }
}
