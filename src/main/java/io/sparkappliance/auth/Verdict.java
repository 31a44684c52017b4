package io.sparkappliance.auth;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What is known of a token. */
public sealed interface Verdict {
  /**
   * It is somebody's.
   *
   * @param principal whose
   * @param until when it ends, where that is known
   */
  record Valid(Principal principal, Optional<Instant> until) implements Verdict {}

  /**
   * It is nobody's, or not any more, or not meant for this service.
   *
   * @param why for the log: it says nothing of the token itself
   */
  record Invalid(String why) implements Verdict {}

  /**
   * It is somebody's, but does not carry what it must.
   *
   * @param name whose
   * @param missing scopes
   */
  record LacksScope(String name, List<String> missing) implements Verdict {
    /** Takes a copy that can't be changed. */
    public LacksScope {
      missing = List.copyOf(missing);
    }
  }

  /**
   * It is somebody's who has no role here.
   *
   * @param name whose
   */
  record HasNoRole(String name) implements Verdict {}

  /**
   * Nobody could tell; the token may be valid or not.
   *
   * @param why what failed
   */
  record Unknown(String why) implements Verdict {}
}
