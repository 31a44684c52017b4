package io.sparkappliance.gateway;

import io.sparkappliance.cluster.ClusterSurvey;
import io.sparkappliance.cluster.MasterStatus;
import io.sparkappliance.jobs.JobCounts;
import io.sparkappliance.jobs.Jobs;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How much of the cluster was in use during the last hour, as this gateway has seen it. */
final class UsageHistory implements AutoCloseable {
  static final Duration INTERVAL = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(UsageHistory.class);
  private static final int KEPT = (int) (Duration.ofHours(1).toSeconds() / INTERVAL.toSeconds());

  private final ClusterSurvey survey;
  private final Jobs jobs;
  private final Deque<Sample> samples = new ArrayDeque<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("usage").factory());

  /**
   * A moment.
   *
   * @param at when
   * @param cores of all workers that are alive
   * @param coresUsed of them
   * @param memoryMebibytes of all workers that are alive
   * @param memoryUsedMebibytes of it
   * @param jobs of this gateway
   */
  record Sample(
      Instant at,
      int cores,
      int coresUsed,
      long memoryMebibytes,
      long memoryUsedMebibytes,
      JobCounts jobs) {}

  UsageHistory(ClusterSurvey survey, Jobs jobs) {
    this.survey = survey;
    this.jobs = jobs;
  }

  /** Looks now and then. */
  void start() {
    var _ = timer.scheduleAtFixedRate(this::look, 0, INTERVAL.toSeconds(), TimeUnit.SECONDS);
  }

  private void look() {
    try {
      List<MasterStatus.Worker> workers =
          survey.now().leading().map(MasterStatus::workers).orElse(List.of()).stream()
              .filter(MasterStatus.Worker::isAlive)
              .toList();
      add(
          new Sample(
              Instant.now().truncatedTo(ChronoUnit.SECONDS),
              workers.stream().mapToInt(MasterStatus.Worker::cores).sum(),
              workers.stream().mapToInt(MasterStatus.Worker::coresUsed).sum(),
              workers.stream().mapToLong(MasterStatus.Worker::memoryMebibytes).sum(),
              workers.stream().mapToLong(MasterStatus.Worker::memoryUsedMebibytes).sum(),
              jobs.counts()));
    } catch (RuntimeException trouble) {
      LOG.debug("the cluster's use could not be seen", trouble);
    }
  }

  private synchronized void add(Sample sample) {
    samples.add(sample);
    if (samples.size() > KEPT) {
      samples.remove();
    }
  }

  /** What was seen, oldest first. */
  synchronized List<Sample> samples() {
    return List.copyOf(samples);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
