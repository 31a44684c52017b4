package io.sparkappliance.daemon;

import java.util.Optional;

/** A better command than the one a daemon was last started with: others are there by now. */
@FunctionalInterface
public interface Renewal {
  /** For a daemon whose command serves for ever. */
  Renewal NONE = (current, moment) -> Optional.empty();

  /** When it is asked. */
  enum Moment {
    /** No process runs: any command will do. */
    BEFORE_START,
    /** A process runs, and has not become ready since its start: it holds nothing yet. */
    BEFORE_READY,
    /**
     * A process runs that was ready: only a command without which it would never be again, for it
     * is ended for that.
     */
    LATER
  }

  /**
   * The better command; asked before each start, and again and again while the daemon runs and is
   * not ready. May take as long as a name server takes to answer.
   *
   * @param current the command it has
   * @param moment when it is asked
   */
  Optional<Command> command(Command current, Moment moment);
}
