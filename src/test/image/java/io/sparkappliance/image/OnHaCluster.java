package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests of one cluster, with work that goes on from the first to the last of them. */
@Isolated
@ExtendWith(LabExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class OnHaCluster {
  private HaCluster cluster;
  private HaWork work;

  /** Of the application, before the test. */
  private long executors;

  @BeforeAll
  void start() {
    cluster = HaCluster.start(getClass().getSimpleName());
    work = HaWork.start(cluster);
  }

  @AfterAll
  void end() {
    try {
      if (work != null) {
        work.end();
      }
    } finally {
      if (work != null) {
        work.close();
      }
      if (cluster != null) {
        cluster.close();
      }
    }
  }

  @BeforeEach
  @AfterEach
  void calm() {
    cluster.awaitCalm();
    MasterEvents.assertNoTwoLeadersActed(cluster.nodes());
    executors = work.executors();
  }

  final HaCluster cluster() {
    return cluster;
  }

  /** The application goes on with right results, and clients get answers. */
  final void assertWorkGoesOn(String what) {
    work.assertGoesOn(what);
  }

  /** The same, and no executor of the application was replaced. */
  final void assertNothingButTheLeaderChanged(String what) {
    work.assertGoesOn(what);
    assertThat(work.executors()).as("executors of the application").isEqualTo(executors);
  }
}
