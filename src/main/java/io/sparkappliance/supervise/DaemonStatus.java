package io.sparkappliance.supervise;

import io.sparkappliance.settings.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How one daemon is, at one moment.
 *
 * @param name its name
 * @param roles what it serves
 * @param state where it is in its life
 * @param since when it got there
 * @param restarts how often its process was started again
 * @param timeToReady how long the last start took to become ready; empty before the first time
 * @param reason why it is not ready; empty when it is
 * @param lastFailure how its last failure showed; stays when it is ready again
 */
public record DaemonStatus(
    String name,
    List<Role> roles,
    State state,
    Instant since,
    int restarts,
    Optional<Duration> timeToReady,
    Optional<String> reason,
    Optional<String> lastFailure) {}
