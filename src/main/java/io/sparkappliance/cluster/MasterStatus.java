package io.sparkappliance.cluster;

import java.time.Instant;
import java.util.List;

/**
 * What a Spark master says of itself at {@code /json/} of its web page.
 *
 * @param state its part in the cluster
 * @param url {@code spark://host:port} as the master advertises it
 * @param workers the workers it knows, dead ones included for a while
 * @param applications applications that run or wait
 */
public record MasterStatus(
    State state, String url, List<Worker> workers, List<Application> applications) {

  /** Takes copies that can't be changed. */
  public MasterStatus {
    workers = List.copyOf(workers);
    applications = List.copyOf(applications);
  }

  /** {@code RecoveryState} of Spark's standalone master. */
  public enum State {
    /** Waits for leadership. */
    STANDBY,
    /** Leads. */
    ALIVE,
    /** Elected; asks workers and applications whether they are still there. */
    RECOVERING,
    /** Elected; drops what did not answer. */
    COMPLETING_RECOVERY
  }

  /**
   * A worker as its master sees it.
   *
   * @param id unique per start of the worker
   * @param host address it advertises
   * @param port its RPC port
   * @param state Spark's {@code WorkerState}: {@code ALIVE}, {@code DEAD}, {@code DECOMMISSIONED},
   *     {@code UNKNOWN}
   * @param cores cores it offers
   * @param coresUsed cores given to executors
   * @param memoryMebibytes memory it offers
   * @param memoryUsedMebibytes memory given to executors
   */
  public record Worker(
      String id,
      String host,
      int port,
      String state,
      int cores,
      int coresUsed,
      long memoryMebibytes,
      long memoryUsedMebibytes) {
    /** Whether the master counts on it. */
    public boolean isAlive() {
      return state.equals("ALIVE");
    }
  }

  /**
   * An application as the master sees it.
   *
   * @param id application id
   * @param name name that its driver gave it
   * @param cores cores granted
   * @param state Spark's {@code ApplicationState}
   * @param user who started its driver
   * @param submitted when it registered, by the master's clock
   */
  public record Application(
      String id, String name, int cores, String state, String user, Instant submitted) {}
}
