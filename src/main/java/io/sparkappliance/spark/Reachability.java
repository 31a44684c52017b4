package io.sparkappliance.spark;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.spark.deploy.master.ApplicationInfo;
import org.apache.spark.deploy.master.WorkerInfo;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcEndpointRef;

/**
 * Whether workers and drivers that a new leader reads about are there at all. A leader waits for
 * each of them to answer before it hands out work; those that vanished together with its forerunner
 * would hold it up for {@code spark.deploy.recoveryTimeout}, which has to be long enough for a
 * driver in a pause of its garbage collector. The kernel accepts connections for a process that is
 * paused, and not for one that is gone.
 */
final class Reachability {
  /** Each look takes its chance again: one lost packet would cost the first a second. */
  private static final int LOOKS = 3;

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

  /** A worker that was forgotten registers again when it can. */
  private static final Duration PATIENCE_WITH_WORKERS = Duration.ofMillis(750);

  /** A driver that was forgotten is lost. */
  private static final Duration PATIENCE_WITH_DRIVERS = Duration.ofSeconds(2);

  /** More than this are not looked for: the answers that the leader waits for tell. */
  private static final int MOST = 500;

  private Reachability() {}

  /** Where something that a master remembers listens; empty for what has no address. */
  static Optional<RpcAddress> addressOf(Object remembered) {
    return switch (remembered) {
      case WorkerInfo worker -> Optional.of(new RpcAddress(worker.host(), worker.port()));
      case ApplicationInfo application ->
          Optional.ofNullable(application.driver()).map(RpcEndpointRef::address);
      case null, default -> Optional.empty();
    };
  }

  /**
   * Those that are not there any more: nobody takes a connection at once, or within 0.75 s
   * (workers) or two seconds (drivers).
   *
   * @param remembered what a master remembers, by its name
   * @return names of what vanished
   */
  static Set<String> vanished(Map<String, ?> remembered) {
    Map<String, CompletableFuture<Boolean>> looks = new LinkedHashMap<>();
    // Platform threads: to look up a name may hold a thread for seconds, and must not hold others.
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().name("look").factory());
    remembered.forEach(
        (name, value) ->
            addressOf(value)
                .filter(address -> looks.size() < MOST)
                .ifPresent(
                    address -> looks.put(name, look(address, patienceWith(value), threads))));
    Set<String> vanished = new LinkedHashSet<>();
    looks.forEach(
        (name, found) -> {
          if (!found.join()) {
            vanished.add(name);
          }
        });
    // Not waited for: one may hang in the look-up of a name.
    threads.shutdownNow();
    return vanished;
  }

  private static Duration patienceWith(Object remembered) {
    return remembered instanceof WorkerInfo ? PATIENCE_WITH_WORKERS : PATIENCE_WITH_DRIVERS;
  }

  /** True as soon as one look succeeds; false when all have failed, or the time is over. */
  private static CompletableFuture<Boolean> look(
      RpcAddress address, Duration patience, Executor threads) {
    CompletableFuture<Boolean> found = new CompletableFuture<>();
    CompletableFuture<?>[] looks = new CompletableFuture<?>[LOOKS];
    for (int i = 0; i < LOOKS; i++) {
      Executor later =
          CompletableFuture.delayedExecutor(
              i * BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS, threads);
      looks[i] =
          CompletableFuture.runAsync(
              () -> {
                if (!found.isDone() && accepts(address, patience)) {
                  found.complete(true);
                }
              },
              later);
    }
    var _ = CompletableFuture.allOf(looks).thenRun(() -> found.complete(false));
    return found.completeOnTimeout(false, patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static boolean accepts(RpcAddress address, Duration patience) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(address.host(), address.port()), (int) patience.toMillis());
      return true;
    } catch (IOException nobodyThere) {
      return false;
    }
  }
}
