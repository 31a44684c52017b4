package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Each way in which a cluster loses a part of itself, once, while an application and clients go on.
 * {@code FailoverLongIT} has the others.
 */
final class FailoverIT extends OnHaCluster {
  @Test
  void theLeadersProcessIsKilled() {
    String first = cluster().leader();
    cluster().node(first).shell("pkill -KILL -f " + HaCluster.MASTER_PROCESS);
    cluster().awaitAnotherLeader(first);
    assertNothingButTheLeaderChanged("kill -9 of the leader");
  }

  @Test
  void theLeadersNodeIsPausedAndWakes() {
    String first = cluster().leader();
    Docker.ok("pause", cluster().node(first).inspect("{{.Id}}"));
    String second;
    try {
      second = cluster().awaitAnotherLeader(first);
    } finally {
      Docker.ok("unpause", cluster().node(first).inspect("{{.Id}}"));
    }
    cluster().node(first).awaitReady(HaCluster.DEADLINE);
    assertThat(cluster().leaders(0)).as("the one that woke does not lead").containsExactly(second);
    assertNothingButTheLeaderChanged("a pause of the leader's node");
  }

  @Test
  void theLeaderHandsOver() {
    String first = cluster().leader();
    Docker.Output handover = cluster().node(first).exec("spark-appliance", "handover");
    assertThat(handover.exitCode()).as(handover.all()).isZero();
    String second = cluster().leader();
    assertThat(handover.out()).isEqualTo(second + " leads now\n");
    assertThat(second).isNotEqualTo(first);
    assertNothingButTheLeaderChanged("a hand-over");
  }

  @Test
  void theNodeThatServesSqlDies() {
    String first = cluster().serving("");
    assertThat(
            cluster().nodes().entrySet().stream()
                .filter(node -> HaCluster.readiness(node.getValue()).contains("\"standby\""))
                .map(Map.Entry::getKey))
        .hasSize(2)
        .doesNotContain(first);

    cluster().node(first).kill();
    String second = cluster().serving(first);
    assertWorkGoesOn("the loss of the node that serves SQL");

    cluster().node(first).startAgain();
    cluster().node(first).awaitReady(HaCluster.DEADLINE);
    assertThat(cluster().serving("")).as("it does not move back").isEqualTo(second);
  }

  @Test
  void theEnsembleLosesItsQuorum() {
    List<String> away =
        Stream.of("n2", "n3").map(name -> cluster().node(name).inspect("{{.Id}}")).toList();
    away.forEach(id -> Docker.ok("pause", id));
    try {
      await("the master that is left waits")
          .atMost(HaCluster.DEADLINE)
          .ignoreExceptions()
          .until(() -> HaCluster.readiness(cluster().node("n1")).contains("waits for ZooKeeper"));
      Http.Answer refused =
          cluster().gateway().submit("late.py", "print(1)".getBytes(UTF_8), Map.of());
      assertThat(refused.code()).as(refused.text()).isEqualTo(503);
      assertThat(refused.text()).contains("no master leads");
    } finally {
      away.forEach(id -> Docker.ok("unpause", id));
    }
    cluster().awaitCalm();
    assertThat(cluster().nodes().values()).allSatisfy(node -> assertThat(node.running()).isTrue());
    assertNothingButTheLeaderChanged("the loss of the quorum");
  }

  @Test
  void aWorkerIsDrained() {
    Container worker = cluster().worker2();
    worker.stop(60);
    try {
      assertThat(worker.exitCode()).isEqualTo(143);
      assertThat(worker.logs())
          .contains("worker retires: its work goes to others")
          .contains("worker has nothing left to do");
      assertWorkGoesOn("the retirement of a worker");
    } finally {
      worker.startAgain();
    }
  }

  @Test
  void aWorkerWithAWrongSecretIsRefusedAndSaysSo() {
    Container stranger =
        cluster()
            .client("stranger")
            .option("--memory", "1g")
            .roles("WORKER")
            .env("SPARK_WORKER_MEMORY", "512m")
            .env("SPARK_RPC_AUTHENTICATION_SECRET", "not-the-secret-of-the-failovers")
            .start("stranger");
    try {
      await("its log says why")
          .atMost(Duration.ofMinutes(1))
          .until(() -> stranger.logs().contains("seems to refuse the cluster secret"));
      await("and the node, too")
          .atMost(Duration.ofMinutes(1))
          .until(
              () -> HaCluster.readiness(stranger).contains("seems to refuse the cluster secret"));
      assertThat(cluster().leaders(2)).as("the two workers").hasSize(1);
      assertThat(cluster().leaders(3)).as("and no third").isEmpty();
    } finally {
      stranger.remove();
    }
  }
}
