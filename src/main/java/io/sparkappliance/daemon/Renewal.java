package io.sparkappliance.daemon;

import java.util.Optional;

/** A better command than the one a daemon was last started with: others are there by now. */
@FunctionalInterface
public interface Renewal {
  /** For a daemon whose command serves for ever. */
  Renewal NONE = (current, running) -> Optional.empty();

  /**
   * The better command; asked before each start, and again and again while the daemon runs and is
   * not ready. May take as long as a name server takes to answer.
   *
   * @param current the command it has
   * @param running whether a process runs: then only a command without which it would never work
   *     again, for it is ended for that
   */
  Optional<Command> command(Command current, boolean running);
}
