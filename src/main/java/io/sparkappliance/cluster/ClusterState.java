package io.sparkappliance.cluster;

import java.util.List;
import java.util.Optional;

/**
 * A cluster as its masters tell it.
 *
 * @param masters all that are known, in their order
 * @param leading what the one that leads says
 */
public record ClusterState(List<Master> masters, Optional<MasterStatus> leading) {
  /** Takes a copy. */
  public ClusterState {
    masters = List.copyOf(masters);
  }

  /**
   * A master.
   *
   * @param host address by which it is known
   * @param state empty when it does not answer
   */
  public record Master(String host, Optional<MasterStatus.State> state) {}
}
