package io.sparkappliance.jobs;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** Ends processes together with all that they started. */
final class ProcessTree {
  private ProcessTree() {}

  /**
   * Asks all of them to end, all at once, and kills those that are still there after the time.
   *
   * @param roots the processes
   * @param grace how long to wait for an orderly end
   */
  static void end(Collection<ProcessHandle> roots, Duration grace) {
    List<ProcessHandle> all =
        roots.stream().flatMap(root -> Stream.concat(Stream.of(root), root.descendants())).toList();
    all.forEach(ProcessHandle::destroy);
    if (!await(all, grace)) {
      // What they started in the meantime has to go, too.
      all.stream().flatMap(ProcessHandle::descendants).forEach(ProcessHandle::destroyForcibly);
      all.forEach(ProcessHandle::destroyForcibly);
      await(all, grace);
    }
  }

  private static boolean await(List<ProcessHandle> processes, Duration time) {
    CompletableFuture<?> gone =
        CompletableFuture.allOf(
            processes.stream()
                .filter(ProcessHandle::isAlive)
                .map(ProcessHandle::onExit)
                .toArray(CompletableFuture<?>[]::new));
    try {
      gone.get(time.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException late) {
      return false;
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
