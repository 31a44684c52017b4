package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A SQL server that nobody uses holds no executors. */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class IdleExecutorsIT {
  private static final Duration A_MINUTE = Duration.ofSeconds(60);
  private static SharedNode node;

  @BeforeAll
  static void load() {
    node = SharedNode.get().withFlights();
  }

  @Test
  void executorsGoAfterAJoin() {
    node.gateway()
        .query(
            "select count(*) from flights a join flights b"
                + " on a.tailnum = b.tailnum and a.month = b.month and a.day = b.day",
            "");
    assertThat(node.coresInUse()).as("cores just after the join").isPositive();
    awaitNoExecutors("after a join");
    assertThat(node.gateway().query("select count(*) as flights from flights", ""))
        .as("the next query")
        .contains("| " + Flights.COUNT + " ");
  }

  @Test
  @Tag("long")
  void executorsThatHoldACachedTableGoLater() {
    node.gateway()
        .query(
            "create table january as select * from flights where month = 1; cache table january",
            "");
    // Longer than executors stay that hold nothing.
    await("executors that hold a cached table")
        .during(Duration.ofSeconds(35))
        .atMost(Duration.ofSeconds(40))
        .until(() -> node.coresInUse() > 0);
    awaitNoExecutors("after CACHE TABLE");
    assertThat(node.gateway().query("select count(*) as days from january", ""))
        .as("the next query")
        .contains("| 27004 ");
  }

  private static void awaitNoExecutors(String when) {
    await("no executors " + when)
        .atMost(A_MINUTE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> node.coresInUse() == 0);
  }
}
