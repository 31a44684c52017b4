package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;

/**
 * What {@link FailoverIT} does not try, and all of it several times: for {@code make test-long}.
 */
@Tag("long")
final class FailoverLongIT extends OnHaCluster {
  private static final int ROUNDS = 3;

  @RepeatedTest(ROUNDS)
  void theLeadersProcessIsKilled() {
    String first = cluster().leader();
    cluster().node(first).shell("pkill -KILL -f " + HaCluster.MASTER_PROCESS);
    cluster().awaitAnotherLeader(first);
    assertNothingButTheLeaderChanged("kill -9 of the leader");
  }

  @RepeatedTest(ROUNDS)
  void theLeadersContainerIsKilled() {
    String first = cluster().leader();
    cluster().node(first).kill();
    cluster().awaitAnotherLeader(first);
    cluster().node(first).startAgain();
    assertNothingButTheLeaderChanged("the loss of the leader's node");
  }

  @RepeatedTest(ROUNDS)
  void theLeadersNetworkIsCutForHalfAMinute() {
    String first = cluster().leader();
    cluster().cutOff(first);
    try {
      cluster().awaitAnotherLeader(first);
      pause(Duration.ofSeconds(30));
    } finally {
      cluster().reconnect(first);
    }
    assertNothingButTheLeaderChanged("a cut of the leader's network");
  }

  @RepeatedTest(ROUNDS)
  void theMastersAreRestartedOneAfterTheOther() {
    for (Container node : cluster().nodes().values()) {
      node.shell("pkill -TERM -f " + HaCluster.MASTER_PROCESS);
      cluster().awaitCalm();
    }
    assertNothingButTheLeaderChanged("a rolling restart of the masters");
  }

  @RepeatedTest(ROUNDS)
  void theNodesAreRestartedOneAfterTheOther() {
    for (Container node : cluster().nodes().values()) {
      node.stop(60);
      node.startAgain();
      cluster().awaitCalm();
    }
    assertWorkGoesOn("a rolling restart of the nodes");
  }

  @RepeatedTest(ROUNDS)
  void theZooKeeperServersAreRestartedOneAfterTheOther() {
    for (Container node : cluster().nodes().values()) {
      node.shell("pkill -TERM -f org.apache.zookeeper.server.quorum.QuorumPeerMai[n]");
      await("its launcher has noticed")
          .atMost(HaCluster.DEADLINE)
          .until(() -> !HaCluster.readiness(node).contains("\"ready\":true"));
      cluster().awaitCalm();
    }
    assertNothingButTheLeaderChanged("a rolling restart of ZooKeeper");
  }

  @RepeatedTest(ROUNDS)
  void theEnsembleIsWithoutAQuorumForAMinute() {
    List<String> away =
        Stream.of("n2", "n3").map(name -> cluster().node(name).inspect("{{.Id}}")).toList();
    away.forEach(id -> Docker.ok("pause", id));
    pause(Duration.ofMinutes(1));
    away.forEach(id -> Docker.ok("unpause", id));
    cluster().awaitCalm();
    assertThat(cluster().nodes().values()).allSatisfy(node -> assertThat(node.running()).isTrue());
    assertNothingButTheLeaderChanged("a minute without a quorum");
  }

  @RepeatedTest(ROUNDS)
  void aWorkerIsKilledWhileItHoldsShuffleFiles() {
    cluster().worker2().kill();
    assertWorkGoesOn("the loss of a worker");
    cluster().worker2().startAgain();
  }

  @RepeatedTest(ROUNDS)
  void aWorkerIsAddedAndDrained() {
    Container third = cluster().worker("w3").start("w3");
    try {
      third.awaitReady(HaCluster.DEADLINE);
      await("three workers")
          .atMost(HaCluster.DEADLINE)
          .until(() -> cluster().leaders(3).size() == 1);
      assertWorkGoesOn("a third worker");
      third.stop(60);
      assertThat(third.exitCode()).isEqualTo(143);
    } finally {
      third.remove();
    }
    assertWorkGoesOn("the end of the third worker");
  }

  @RepeatedTest(ROUNDS)
  void theLeaderAndAWorkerAreLostTogether() {
    String first = cluster().leader();
    Docker.ok(
        "kill", cluster().node(first).inspect("{{.Id}}"), cluster().worker1().inspect("{{.Id}}"));
    await("another leader with the worker that is left")
        .atMost(HaCluster.DEADLINE)
        .until(() -> cluster().leaders(1).stream().anyMatch(name -> !name.equals(first)));
    cluster().node(first).startAgain();
    cluster().worker1().startAgain();
    assertWorkGoesOn("the loss of a master and a worker together");
  }

  /** Part of the scenario, not a wait for something. */
  private static void pause(Duration duration) {
    long end = System.nanoTime() + duration.toNanos();
    for (long left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
