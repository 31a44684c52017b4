package io.sparkappliance.cluster;

import java.util.Optional;

/** Whether this node is the one that runs something of which a cluster has one at a time. */
public interface Turn {
  /** Always this node: there is no other that could. */
  Turn ALWAYS =
      new Turn() {
        @Override
        public Optional<Missing> missing() {
          return Optional.empty();
        }

        @Override
        public Optional<String> lost() {
          return Optional.empty();
        }

        @Override
        public void serves() {}

        @Override
        public void ceases() {}

        @Override
        public void leave() {}

        @Override
        public void pass() {}
      };

  /**
   * Why it is not this node's turn.
   *
   * @param reason in words
   * @param another whether another node is known to have the turn; otherwise nobody may have it
   */
  record Missing(String reason, boolean another) {}

  /** Empty when it is this node's turn. Returns at once. */
  Optional<Missing> missing();

  /** Who took the turn while this node was out of touch: what runs here has to stop. */
  Optional<String> lost();

  /** It works here now: clients may be told. Returns at once. */
  void serves();

  /** It does not work here now, and may again. Returns at once. */
  void ceases();

  /** This node ends: clients are told no more. Takes seconds at most. */
  void leave();

  /** It has ended here for good, before its node does: another may serve. Returns at once. */
  void pass();
}
