package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/** One node's clock is an hour ahead: leadership comes and goes all the same. */
@Tag("long")
@Isolated
@ExtendWith(LabExtension.class)
final class SkewedClockIT {
  private static final int MOST_ROUNDS = 8;

  @Test
  void leadershipGoesToTheNodeWhoseClockIsWrongAndBack() {
    String image = "spark-appliance-test/skewed";
    Docker.Output built =
        Docker.run(
            Duration.ofMinutes(5),
            "build",
            "--label",
            Lab.LABEL + ".image",
            "--build-arg",
            "IMAGE=" + Lab.SLIM,
            "--tag",
            image,
            "src/test/image/skewed");
    assertThat(built.exitCode()).as(built.all()).isZero();
    try (HaCluster cluster = HaCluster.start("skewed", image, "n2");
        HaWork work = HaWork.start(cluster)) {
      assertThat(since(cluster.node("n2")))
          .as("its clock")
          .isAfter(Instant.now().plus(Duration.ofMinutes(50)));
      assertThat(since(cluster.node("n1"))).isBefore(Instant.now());
      Set<String> leaders = new HashSet<>();
      // To the node with the wrong clock, and away from it; it may lose its place in the queue.
      for (int round = 0; round < MOST_ROUNDS && !leaders.contains("n2"); round++) {
        String first = cluster.leader();
        leaders.add(first);
        if (round % 2 == 0) {
          cluster.node(first).shell("pkill -KILL -f " + HaCluster.MASTER_PROCESS);
        } else {
          assertThat(cluster.node(first).exec("spark-appliance", "handover").exitCode()).isZero();
        }
        cluster.awaitAnotherLeader(first);
        cluster.awaitCalm();
        work.assertGoesOn("a failover with a wrong clock");
      }
      assertThat(leaders).contains("n2").hasSizeGreaterThan(1);
      MasterEvents.assertNoTwoLeadersActed(cluster.nodes());
      work.end();
    }
  }

  /** When the first of a node's roles became what it is, by the node's own clock. */
  private static Instant since(Container node) {
    Matcher since =
        Pattern.compile("\"since\" ?: ?\"([^\"]+)\"").matcher(HaCluster.readiness(node));
    assertThat(since.find()).isTrue();
    return Instant.parse(since.group(1));
  }
}
