package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Role;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Splits a node's memory over its roles. A JVM takes more than its heap, and standalone workers
 * count only the executors' heaps: both are allowed for. Values that nobody set shrink together, in
 * proportion, until everything fits; values that somebody set are kept or refused, never changed.
 * All sums are in MiB.
 */
final class MemoryPlanner {
  /**
   * Spark refuses drivers and executors below 1.5 times its 300 MiB of reserved memory; some
   * collectors don't count all of the heap, hence the rest.
   */
  private static final long LEAST_SPARK_HEAP = 480;

  private static final long SPARK_REFUSES_BELOW = 450;

  private static final Range LAUNCHER = new Range(64, 128);
  private static final Range GATEWAY = new Range(96, 256);
  private static final Range NOTEBOOK = new Range(256, 512);
  private static final long LEAST_DAEMON_HEAP = 112;

  /**
   * What the roles want.
   *
   * @param executor heap of one executor
   * @param driver heap of one driver
   * @param daemon heap of master, worker, history server
   * @param worker memory for executors; empty: what remains
   */
  record Wishes(
      MemoryWish executor, MemoryWish driver, MemoryWish daemon, Optional<MemoryWish> worker) {
    private List<MemoryWish> set() {
      List<MemoryWish> all = new ArrayList<>(List.of(executor, driver, daemon));
      worker.ifPresent(all::add);
      return all.stream().filter(MemoryWish::isSet).toList();
    }
  }

  private record Range(long least, long wanted) {
    static Range of(MemoryWish wish, long least) {
      return new Range(
          wish.isSet() ? wish.mebibytes() : Math.min(least, wish.mebibytes()), wish.mebibytes());
    }

    long at(int percent) {
      return least + (wanted - least) * percent / 100;
    }
  }

  /** One process: what is planned for it as a whole. */
  private record Part(String name, long mebibytes) {}

  private final MemorySize total;
  private final Set<Role> roles;
  private final Wishes wishes;

  private MemoryPlanner(MemorySize total, Set<Role> roles, Wishes wishes) {
    this.total = total;
    this.roles = roles.isEmpty() ? EnumSet.noneOf(Role.class) : EnumSet.copyOf(roles);
    this.wishes = wishes;
  }

  /**
   * Plans a node's memory.
   *
   * @param total what the node has
   * @param roles what runs there; none: a shell in which people start drivers
   * @param wishes what is wanted
   * @param problems gets what can't be fulfilled; the plan returned is then the smallest one
   */
  static MemoryPlan plan(MemorySize total, Set<Role> roles, Wishes wishes, Problems problems) {
    return new MemoryPlanner(total, roles, wishes).plan(problems);
  }

  private MemoryPlan plan(Problems problems) {
    checkWishes(problems);
    boolean[] driverCounts =
        // Only submitted applications and notebooks start drivers there, or nobody does: a node too
        // small for one can still do the rest.
        driverIsOptional() ? new boolean[] {true, false} : new boolean[] {runsSqlDriver()};
    for (boolean withDriver : driverCounts) {
      for (int percent = 100; percent >= 0; percent--) {
        if (sum(parts(percent, withDriver)) <= total.toMebibytes()) {
          return planAt(percent, withDriver);
        }
      }
    }
    boolean withDriver = runsSqlDriver();
    refuse(parts(0, withDriver), problems);
    return planAt(0, withDriver);
  }

  private boolean runsSqlDriver() {
    return roles.contains(Role.THRIFTSERVER) || roles.contains(Role.CONNECT);
  }

  private boolean startsDrivers() {
    return roles.isEmpty() || roles.contains(Role.GATEWAY) || roles.contains(Role.NOTEBOOK);
  }

  private boolean driverIsOptional() {
    return !runsSqlDriver() && startsDrivers() && !wishes.driver().isSet();
  }

  private List<Part> parts(int percent, boolean withDriver) {
    List<Part> parts = new ArrayList<>();
    long launcher = LAUNCHER.at(percent);
    parts.add(new Part("launcher", launcher + overhead(launcher, 48)));
    long daemon = daemonHeap(percent);
    for (Role role : List.of(Role.ZOOKEEPER, Role.MASTER, Role.WORKER, Role.HISTORYSERVER)) {
      if (roles.contains(role)) {
        parts.add(new Part(role.label(), daemon + overhead(daemon, 96)));
      }
    }
    if (roles.contains(Role.GATEWAY)) {
      long gateway = GATEWAY.at(percent);
      parts.add(new Part("gateway", gateway + overhead(gateway, 96)));
    }
    if (roles.contains(Role.NOTEBOOK)) {
      parts.add(new Part("notebook", NOTEBOOK.at(percent)));
    }
    if (withDriver) {
      parts.add(
          new Part(runsSqlDriver() ? "SQL driver" : "driver", sparkProcess(driverHeap(percent))));
    }
    if (roles.contains(Role.WORKER)) {
      long executor = executorHeap(percent);
      parts.add(
          wishes
              .worker()
              .map(
                  worker -> {
                    long executors = Math.ceilDiv(worker.mebibytes(), Math.max(1, executor));
                    return new Part(
                        "executors", worker.mebibytes() + executors * sparkOverhead(executor));
                  })
              .orElseGet(() -> new Part("executor", sparkProcess(executor))));
    }
    return parts;
  }

  private MemoryPlan planAt(int percent, boolean withDriver) {
    List<Part> parts = parts(percent, withDriver);
    long executor = executorHeap(percent);
    long driver = driverHeap(percent);
    long spare = Math.max(0, total.toMebibytes() - sum(parts));
    long wantedByApplications =
        sparkProcess(driver)
            * ((roles.contains(Role.GATEWAY) ? 1 : 0) + (roles.contains(Role.NOTEBOOK) ? 1 : 0));
    long already = withDriver && !runsSqlDriver() ? sparkProcess(driver) : 0;
    long more = Math.clamp(wantedByApplications - already, 0, spare);
    long workerMemory = 0;
    if (roles.contains(Role.WORKER)) {
      // Executors of other sizes than ours have overheads of their own: keep the proportion.
      long forExecutors = sparkProcess(executor) + spare - more;
      workerMemory =
          wishes
              .worker()
              .map(MemoryWish::mebibytes)
              .orElseGet(() -> forExecutors * executor / sparkProcess(executor));
    }
    return new MemoryPlan(
        total,
        MemorySize.ofMebibytes(LAUNCHER.at(percent)),
        kept(wishes.daemon(), daemonHeap(percent)),
        kept(wishes.driver(), driver),
        MemorySize.ofMebibytes(GATEWAY.at(percent)),
        MemorySize.ofMebibytes(roles.contains(Role.NOTEBOOK) ? NOTEBOOK.at(percent) : 0),
        MemorySize.ofMebibytes(already + more),
        MemorySize.ofMebibytes(workerMemory),
        kept(wishes.executor(), executor));
  }

  /** What was set is not even rounded. */
  private static MemorySize kept(MemoryWish wish, long planned) {
    return wish.isSet() ? wish.size() : MemorySize.ofMebibytes(planned);
  }

  private long daemonHeap(int percent) {
    return Range.of(wishes.daemon(), LEAST_DAEMON_HEAP).at(percent);
  }

  private long driverHeap(int percent) {
    // Where no driver is expected there is nothing to make room for.
    return runsSqlDriver() || startsDrivers()
        ? Range.of(wishes.driver(), LEAST_SPARK_HEAP).at(percent)
        : wishes.driver().mebibytes();
  }

  private long executorHeap(int percent) {
    MemoryWish wish = wishes.executor();
    if (!roles.contains(Role.WORKER) || wish.isSet()) {
      return wish.mebibytes();
    }
    return wishes
        .worker()
        .map(worker -> Math.min(wish.mebibytes(), worker.mebibytes()))
        .orElseGet(() -> Range.of(wish, LEAST_SPARK_HEAP).at(percent));
  }

  /** Classes, compiled code, threads and buffers: more for larger heaps, within limits. */
  private static long overhead(long heap, long least) {
    return Math.clamp(heap / 4, least, 384);
  }

  private static long sparkOverhead(long heap) {
    return Math.max(overhead(heap, 144), heap / 10);
  }

  private static long sparkProcess(long heap) {
    return heap + sparkOverhead(heap);
  }

  private static long sum(List<Part> parts) {
    return parts.stream().mapToLong(Part::mebibytes).sum();
  }

  private void checkWishes(Problems problems) {
    for (MemoryWish wish : List.of(wishes.executor(), wishes.driver())) {
      if (wish.isSet() && wish.mebibytes() < SPARK_REFUSES_BELOW) {
        problems.add(
            wish.source().orElseThrow(),
            wish.size().toString(),
            "Spark refuses heaps below " + SPARK_REFUSES_BELOW + "m",
            "Give at least " + LEAST_SPARK_HEAP + "m.");
      }
    }
    MemoryWish worker = roles.contains(Role.WORKER) ? wishes.worker().orElse(null) : null;
    if (worker == null) {
      return;
    }
    if (worker.mebibytes() < SPARK_REFUSES_BELOW) {
      problems.add(
          worker.source().orElseThrow(),
          worker.size().toString(),
          "no executor fits: Spark refuses heaps below " + SPARK_REFUSES_BELOW + "m",
          "Give the worker at least " + LEAST_SPARK_HEAP + "m.");
    } else if (wishes.executor().isSet() && wishes.executor().mebibytes() > worker.mebibytes()) {
      problems.add(
          wishes.executor().source().orElseThrow(),
          wishes.executor().size().toString(),
          "an executor must fit the worker, which has "
              + worker.source().orElseThrow()
              + "="
              + worker.size(),
          "Lower the one or raise the other; otherwise applications wait for executors for ever.");
    }
  }

  private void refuse(List<Part> parts, Problems problems) {
    String sums =
        parts.stream()
            .map(part -> part.name() + " " + part.mebibytes() + "m")
            .collect(Collectors.joining(" + "));
    String set =
        wishes.set().stream()
            .map(wish -> wish.source().orElseThrow() + "=" + wish.size())
            .collect(Collectors.joining(" or "));
    problems.add(
        "memory of this node",
        total.toMebibytes() + "m",
        "what is asked for needs at least "
            + sum(parts)
            + "m: "
            + sums
            + " (each with what a JVM needs beside its heap)",
        (set.isEmpty() ? "Start" : "Lower " + set + ", start")
            + " fewer roles here, or give the node at least "
            + sum(parts)
            + "m.");
  }
}
