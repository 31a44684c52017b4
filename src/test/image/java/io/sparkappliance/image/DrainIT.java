package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two nodes with a worker each and a job on both; one of them is on an instance that ends. */
@ExtendWith(LabExtension.class)
final class DrainIT {
  private static final Duration LONGEST = Duration.ofMinutes(8);
  private static final String SHUFFLED = "/tmp/shuffled";
  private static final String TARGET_STATE = "meta-data/autoscaling/target-lifecycle-state";

  private String network;
  private Cloud cloud;
  private Container staying;
  private Container leaving;

  @BeforeEach
  void start() {
    network = Lab.network("drain");
    Path secret = Lab.file("drain-secret", "secret-of-this-cluster\n");
    cloud = Cloud.start(network);
    cloud.put("meta-data/tags/instance/aws:autoscaling:groupName", "workers");
    cloud.put(TARGET_STATE, "InService");
    staying =
        member("staying", secret)
            .roles("MASTER")
            .env("CLUSTER_SIZE", "2")
            .mount(Path.of("src/test/image/cloud/slow_sum.py"), "/slow_sum.py")
            .start("staying");
    leaving =
        member("leaving", secret)
            .env("MASTER_STACK_NAME", "spark://staying:7077")
            .instanceMetadata(Cloud.METADATA)
            .env("AWS_ENDPOINT_URL_AUTO_SCALING", Cloud.SCALING)
            .env("LIFECYCLE_HOOK", "drain")
            .env("DRAIN_ON", "spot,lifecycle,rebalance")
            .option("--restart", "on-failure")
            .start("leaving");
    staying.awaitReady(SharedNode.START);
    leaving.awaitReady(SharedNode.START);
  }

  @AfterEach
  void remove() {
    Lab.removeContainersOf(network);
  }

  private Container.Plan member(String name, Path secret) {
    return Container.of(Lab.SLIM)
        .network(network, name)
        .roles("WORKER")
        .mount(secret, "/run/secrets/cluster")
        .env("SPARK_RPC_AUTHENTICATION_SECRET_FILE", "/run/secrets/cluster")
        .env("SPARK_WORKER_CORES", "1")
        .env("EXECUTOR_MEMORY", "512m")
        .env("DRIVER_MEMORY", "512m");
  }

  @Test
  void aGroupThatEndsAnInstanceWaitsForItsNodeAndTheJobLosesNothing() throws Exception {
    CompletableFuture<Docker.Output> job = job();
    cloud.put(TARGET_STATE, "Terminated");

    assertThat(leaving.awaitEnd(LONGEST)).isZero();
    assertThat(leaving.inspect("{{.RestartCount}}")).isEqualTo("0");
    assertThat(leaving.logs().lines().filter(line -> line.startsWith("appliance | ")))
        .containsSubsequence(
            "appliance | the auto-scaling group ends this instance: the node gives its work to others",
            "appliance | worker retires: its work goes to others",
            "appliance | worker has nothing left to do",
            "appliance | completed the lifecycle action: the hook drain of the group workers");
    assertThat(cloud.state().path("scaling"))
        .last()
        .satisfies(
            call -> {
              assertThat(call.path("Action").asText()).isEqualTo("CompleteLifecycleAction");
              assertThat(call.path("LifecycleActionResult").asText()).isEqualTo("CONTINUE");
              assertThat(call.path("AutoScalingGroupName").asText()).isEqualTo("workers");
              assertThat(call.path("InstanceId").asText()).isEqualTo("i-0123456789abcdef0");
            });
    assertRight(job, true);

    // Somebody starts it all the same: it runs nothing as long as the instance ends.
    leaving.startAgain();
    await("it holds")
        .atMost(SharedNode.START)
        .until(() -> leaving.logs().contains("nothing is started on it any more"));
    cloud.put(TARGET_STATE, "InService");
    leaving.awaitReady(SharedNode.START);
  }

  @Test
  @Tag("long")
  void aSpotInterruptionDrainsTheNodeInTime() throws Exception {
    CompletableFuture<Docker.Output> job = job();
    Instant interruption = Instant.now().plusSeconds(120).truncatedTo(ChronoUnit.SECONDS);
    cloud.put(
        "meta-data/spot/instance-action",
        "{\"action\": \"terminate\", \"time\": \"" + interruption + "\"}");

    assertThat(leaving.awaitEnd(LONGEST)).isZero();
    assertThat(Instant.parse(leaving.inspect("{{.State.FinishedAt}}"))).isBefore(interruption);
    assertThat(leaving.logs())
        .contains("EC2 interrupts this spot instance (terminate at " + interruption + ")");
    assertRight(job, false);
  }

  @Test
  @Tag("long")
  void aRecommendationRetiresTheWorkerAndTheNodeGoesOn() throws Exception {
    CompletableFuture<Docker.Output> job = job();
    cloud.put(
        "meta-data/events/recommendations/rebalance", "{\"noticeTime\": \"2026-11-22T08:22:00Z\"}");

    await("the worker has retired")
        .atMost(LONGEST)
        .until(() -> Http.get(leaving.http(8090, "/readyz")).text().contains("retired"));
    assertThat(leaving.running()).isTrue();
    assertThat(leaving.logs())
        .contains("the worker gives its work to others, the rest goes on")
        .contains("worker has nothing left to do");
    assertRight(job, true);
  }

  /** One that has shuffled, and has half a minute left. */
  private CompletableFuture<Docker.Output> job() {
    CompletableFuture<Docker.Output> job =
        CompletableFuture.supplyAsync(
            () ->
                staying.exec(
                    LONGEST,
                    "spark-submit",
                    "--conf",
                    "spark.dynamicAllocation.enabled=false",
                    "--conf",
                    "spark.cores.max=2",
                    "--conf",
                    "spark.scheduler.minRegisteredResourcesRatio=1.0",
                    "/slow_sum.py",
                    SHUFFLED));
    await("the job has shuffled")
        .atMost(LONGEST)
        .failFast(job::isDone)
        .until(() -> staying.exec("test", "-e", SHUFFLED).exitCode() == 0);
    return job;
  }

  private static void assertRight(CompletableFuture<Docker.Output> job, boolean nothingTwice)
      throws Exception {
    Docker.Output output = job.get(LONGEST.toMinutes(), TimeUnit.MINUTES);
    assertThat(output.exitCode()).as(output.all()).isZero();
    assertThat(output.out()).contains("sum 319600 computed " + (nothingTwice ? "20\n" : ""));
  }
}
