package io.sparkappliance.cluster;

import io.sparkappliance.settings.HostAndPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Asks all masters of a cluster how they are, and tells the same for a moment to all who ask. */
public final class ClusterSurvey {
  private static final long FRESH = Duration.ofSeconds(2).toNanos();

  private final Members masters;
  private final int masterUiPort;
  private final MasterClient client;
  private ClusterState last = new ClusterState(List.of(), Optional.empty());
  private long asked = System.nanoTime() - FRESH;

  /**
   * Asks nobody yet.
   *
   * @param masters the masters' RPC addresses
   * @param masterUiPort port of every master's web page
   */
  public ClusterSurvey(Members masters, int masterUiPort, MasterClient client) {
    this.masters = masters;
    this.masterUiPort = masterUiPort;
    this.client = client;
  }

  /**
   * Where a master has its web page.
   *
   * @param host one of those that {@link #now} tells
   */
  public HostAndPort page(String host) {
    return new HostAndPort(host, masterUiPort);
  }

  /** How it is now, give or take two seconds. */
  public synchronized ClusterState now() {
    if (System.nanoTime() - asked >= FRESH) {
      last = ask();
      asked = System.nanoTime();
    }
    return last;
  }

  private ClusterState ask() {
    List<HostAndPort> known = masters.now();
    List<Optional<MasterStatus>> answers = new ArrayList<>();
    // All at once: one that is gone takes a while to be given up.
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Optional<MasterStatus>>> asked =
          known.stream()
              .map(
                  master ->
                      threads.submit(
                          () -> client.status(new HostAndPort(master.host(), masterUiPort))))
              .toList();
      for (Future<Optional<MasterStatus>> answer : asked) {
        answers.add(answer.get());
      }
    } catch (ExecutionException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return last;
    }
    List<ClusterState.Master> all = new ArrayList<>();
    for (int i = 0; i < known.size(); i++) {
      all.add(
          new ClusterState.Master(known.get(i).host(), answers.get(i).map(MasterStatus::state)));
    }
    return new ClusterState(
        all,
        answers.stream()
            .flatMap(Optional::stream)
            .filter(status -> status.state() == MasterStatus.State.ALIVE)
            .findFirst());
  }
}
