package io.sparkappliance.cluster;

import io.sparkappliance.aws.AwsException;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Predicate;

/**
 * Members by a word that is a host's name, if a name server knows it, and a stack's otherwise.
 * Which of both is open until the first complete list: a host that appears later must not take the
 * place of an ensemble that works.
 */
public final class HostOrStack implements StackMembers.Lookup {
  private final Predicate<String> isHost;
  private final StackMembers.Lookup stacks;
  private boolean isDecided;
  private boolean wasHost;

  /**
   * Looks at nothing yet.
   *
   * @param isHost whether a name server knows this name now
   * @param stacks who is in service in a stack
   */
  public HostOrStack(Predicate<String> isHost, StackMembers.Lookup stacks) {
    this.isHost = isHost;
    this.stacks = stacks;
  }

  /** It is from now on what it was at the last look. */
  public synchronized void decide() {
    isDecided = true;
  }

  @Override
  public Attendance members(String name, int port) throws AwsException {
    return isHost(name)
        ? new Attendance(List.of(name), OptionalInt.of(1))
        : stacks.members(name, port);
  }

  private synchronized boolean isHost(String name) {
    if (!isDecided) {
      wasHost = isHost.test(name);
    }
    return wasHost;
  }
}
