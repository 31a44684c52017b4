package io.sparkappliance.sparkconf;

import static io.sparkappliance.settings.Role.CONNECT;
import static io.sparkappliance.settings.Role.GATEWAY;
import static io.sparkappliance.settings.Role.HISTORYSERVER;
import static io.sparkappliance.settings.Role.MASTER;
import static io.sparkappliance.settings.Role.NOTEBOOK;
import static io.sparkappliance.settings.Role.THRIFTSERVER;
import static io.sparkappliance.settings.Role.WORKER;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Role;
import io.sparkappliance.sparkconf.MemoryPlanner.Wishes;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryPlannerTest {
  private static final Set<Role> SINGLE_NODE = EnumSet.of(MASTER, WORKER, THRIFTSERVER, GATEWAY);

  private final Problems problems = new Problems();

  @Test
  void nodeWithEightGibibytesGetsTheDefaults() {
    MemoryPlan plan = plan(8192, SINGLE_NODE, defaults());
    assertThat(problems.list()).isEmpty();
    assertThat(plan)
        .isEqualTo(
            new MemoryPlan(
                m(8192), m(128), m(512), m(2048), m(256), m(0), m(1520), m(2048), m(2048)));
  }

  @Test
  void everyRoleOfASingleNodeStillGetsTheDefaultsWithEightGibibytes() {
    MemoryPlan plan = plan(8192, EnumSet.complementOf(EnumSet.of(Role.ZOOKEEPER)), defaults());
    assertThat(problems.list()).isEmpty();
    assertThat(plan.driverHeap()).isEqualTo(m(2048));
    assertThat(plan.executorMemory()).isEqualTo(m(2048));
    assertThat(plan.daemonHeap()).isEqualTo(m(512));
    assertThat(plan.notebook()).isEqualTo(m(512));
  }

  @Test
  void largeNodeGivesWhatRemainsToTheWorker() {
    MemoryPlan plan = plan(65_536, SINGLE_NODE, defaults());
    // 65536 - launcher 176 - daemons 2x640 - driver 2432 - gateway 352 - one application 2432,
    // of which each 2432 is an executor of 2048 and its overhead.
    assertThat(plan.workerMemory())
        .isEqualTo(m((65_536 - 176 - 1280 - 2432 - 352 - 2432) * 2048L / 2432));
    assertThat(plan.applications()).isEqualTo(m(2432));
  }

  @Test
  void smallNodeShrinksWhatNobodySet() {
    MemoryPlan plan = plan(2048, SINGLE_NODE, defaults());
    assertThat(problems.list()).isEmpty();
    assertThat(plan.driverHeap()).isBetween(m(480), m(600));
    assertThat(plan.executorMemory()).isBetween(m(480), m(600));
    assertThat(plan.workerMemory()).isGreaterThanOrEqualTo(plan.executorMemory());
    assertThat(plan.applications()).isLessThan(m(64));
  }

  @ParameterizedTest
  @ValueSource(longs = {1968, 2048, 3000, 4096, 6000, 7800, 8192, 16_384, 262_144})
  void whatIsPlannedNeverExceedsWhatIsThere(long total) {
    MemoryPlan plan = plan(total, SINGLE_NODE, defaults());
    assertThat(problems.list()).isEmpty();
    long heaps =
        plan.launcher().toMebibytes()
            + 2 * plan.daemonHeap().toMebibytes()
            + plan.driverHeap().toMebibytes()
            + plan.gatewayHeap().toMebibytes()
            + plan.applications().toMebibytes()
            + plan.workerMemory().toMebibytes();
    assertThat(heaps).isLessThan(total);
    assertThat(plan.executorMemory()).isLessThanOrEqualTo(plan.workerMemory());
    assertThat(plan.driverHeap()).isBetween(m(480), m(2048));
  }

  @Test
  void nodeBelowTheSmallestIsRefusedWithTheSums() {
    plan(1967, SINGLE_NODE, defaults());
    assertThat(problems.list())
        .singleElement()
        .hasToString(
            "memory of this node=1967m: what is asked for needs at least 1968m: launcher 112m + master"
                + " 208m + worker 208m + gateway 192m + SQL driver 624m + executor 624m (each with what a"
                + " JVM needs beside its heap).\n"
                + "   Start fewer roles here, or give the node at least 1968m.");
  }

  @Test
  void valuesThatWereSetAreKeptAndTheOthersMakeRoom() {
    MemoryPlan plan =
        plan(
            4096,
            SINGLE_NODE,
            new Wishes(
                MemoryWish.ofDefault(m(2048)),
                MemoryWish.set(m(1500), "DRIVER_MEMORY"),
                MemoryWish.ofDefault(m(512)),
                Optional.empty()));
    assertThat(problems.list()).isEmpty();
    assertThat(plan.driverHeap()).isEqualTo(m(1500));
    assertThat(plan.executorMemory()).isBetween(m(480), m(1500));
  }

  @Test
  void valuesThatWereSetAndDoNotFitAreRefusedWithTheSums() {
    plan(
        4096,
        SINGLE_NODE,
        new Wishes(
            MemoryWish.set(m(3072), "EXECUTOR_MEMORY"),
            MemoryWish.set(m(2048), "spark.driver.memory (EXT_CONF)"),
            MemoryWish.ofDefault(m(512)),
            Optional.empty()));
    assertThat(problems.list())
        .singleElement()
        .hasToString(
            "memory of this node=4096m: what is asked for needs at least 6608m: launcher 112m + master"
                + " 208m + worker 208m + gateway 192m + SQL driver 2432m + executor 3456m (each with what"
                + " a JVM needs beside its heap).\n"
                + "   Lower EXECUTOR_MEMORY=3g or spark.driver.memory (EXT_CONF)=2g, start fewer roles"
                + " here, or give the node at least 6608m.");
  }

  @Test
  void executorThatWasNotSetShrinksToItsWorker() {
    MemoryPlan plan =
        plan(
            8192,
            SINGLE_NODE,
            new Wishes(
                MemoryWish.ofDefault(m(2048)),
                MemoryWish.ofDefault(m(2048)),
                MemoryWish.ofDefault(m(512)),
                Optional.of(MemoryWish.set(m(1024), "SPARK_WORKER_MEMORY"))));
    assertThat(problems.list()).isEmpty();
    assertThat(plan.workerMemory()).isEqualTo(m(1024));
    assertThat(plan.executorMemory()).isEqualTo(m(1024));
    assertThat(plan.driverHeap()).isEqualTo(m(2048));
  }

  @Test
  void executorThatWasSetMustFitAWorkerThatWasSet() {
    plan(
        16_384,
        SINGLE_NODE,
        new Wishes(
            MemoryWish.set(m(4096), "EXECUTOR_MEMORY"),
            MemoryWish.ofDefault(m(2048)),
            MemoryWish.ofDefault(m(512)),
            Optional.of(MemoryWish.set(m(2048), "SPARK_WORKER_MEMORY"))));
    assertThat(problems.list())
        .singleElement()
        .hasToString(
            "EXECUTOR_MEMORY=4g: an executor must fit the worker, which has SPARK_WORKER_MEMORY=2g.\n"
                + "   Lower the one or raise the other; otherwise applications wait for executors for"
                + " ever.");
  }

  @Test
  void heapsThatSparkRefusesAreRefusedBefore() {
    plan(
        16_384,
        SINGLE_NODE,
        new Wishes(
            MemoryWish.set(m(256), "EXECUTOR_MEMORY"),
            MemoryWish.set(m(449), "DRIVER_MEMORY"),
            MemoryWish.ofDefault(m(512)),
            Optional.of(MemoryWish.set(m(300), "SPARK_WORKER_MEMORY"))));
    assertThat(problems.list())
        .extracting(problem -> problem.field() + "=" + problem.value())
        .containsExactly("EXECUTOR_MEMORY=256m", "DRIVER_MEMORY=449m", "SPARK_WORKER_MEMORY=300m");
  }

  @Test
  void workerOfItsOwnGetsNearlyEverything() {
    MemoryPlan plan = plan(16_384, EnumSet.of(WORKER), defaults());
    assertThat(plan.workerMemory()).isEqualTo(m((16_384 - 176 - 640) * 2048L / 2432));
    assertThat(plan.applications()).isEqualTo(m(0));
  }

  @Test
  void masterOfItsOwnRunsInHalfAGibibyte() {
    MemoryPlan plan = plan(512, EnumSet.of(MASTER), defaults());
    assertThat(problems.list()).isEmpty();
    assertThat(plan.daemonHeap()).isBetween(m(112), m(400));
    assertThat(plan.workerMemory()).isEqualTo(m(0));
    // Whoever starts a driver elsewhere is not bound by this node.
    assertThat(plan.executorMemory()).isEqualTo(m(2048));
  }

  @Test
  void gatewayThatIsTooSmallForDriversStillAnswersQueries() {
    MemoryPlan plan = plan(512, EnumSet.of(GATEWAY), defaults());
    assertThat(problems.list()).isEmpty();
    assertThat(plan.applications()).isLessThan(m(260));
  }

  @Test
  void gatewaysDriversFitTheNode() {
    MemoryPlan plan = plan(2048, EnumSet.of(GATEWAY), defaults());
    assertThat(problems.list()).isEmpty();
    assertThat(plan.driverHeap()).isBetween(m(1000), m(1700));
  }

  @Test
  void shellWithoutRolesGetsADriverThatFits() {
    MemoryPlan plan = plan(1024, EnumSet.noneOf(Role.class), defaults());
    assertThat(problems.list()).isEmpty();
    assertThat(plan.driverHeap()).isBetween(m(480), m(1024));
  }

  @Test
  void connectAndThriftServerShareOneDriver() {
    Set<Role> both = EnumSet.of(MASTER, WORKER, THRIFTSERVER, CONNECT, GATEWAY);
    assertThat(plan(8192, both, defaults())).isEqualTo(plan(8192, SINGLE_NODE, defaults()));
  }

  @Test
  void everyFurtherRoleCosts() {
    long without = plan(16_384, SINGLE_NODE, defaults()).workerMemory().toMebibytes();
    Set<Role> more = EnumSet.copyOf(SINGLE_NODE);
    more.add(HISTORYSERVER);
    long withHistory = plan(16_384, more, defaults()).workerMemory().toMebibytes();
    more.add(NOTEBOOK);
    long withNotebook = plan(16_384, more, defaults()).workerMemory().toMebibytes();
    assertThat(without).isGreaterThan(withHistory);
    assertThat(withHistory).isGreaterThan(withNotebook);
  }

  private MemoryPlan plan(long total, Set<Role> roles, Wishes wishes) {
    return MemoryPlanner.plan(m(total), roles, wishes, problems);
  }

  private static Wishes defaults() {
    return new Wishes(
        MemoryWish.ofDefault(m(2048)),
        MemoryWish.ofDefault(m(2048)),
        MemoryWish.ofDefault(m(512)),
        Optional.empty());
  }

  private static MemorySize m(long mebibytes) {
    return MemorySize.ofMebibytes(mebibytes);
  }
}
