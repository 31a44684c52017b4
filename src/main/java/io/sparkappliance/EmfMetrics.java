package io.sparkappliance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.cluster.MasterStatus;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What the leading master knows of its cluster, as lines from which CloudWatch makes metrics: no
 * call, and no permission but that of writing logs. A group of workers can grow and shrink by them.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html">Embedded
 *     metric format</a>
 */
final class EmfMetrics implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String namespace;
  private final String stack;
  private final Supplier<Optional<MasterStatus>> master;
  private final Consumer<String> out;
  private final Clock clock;
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("metrics").factory());

  /**
   * Prints nothing yet.
   *
   * @param namespace of the metrics
   * @param stack value of their one dimension
   * @param master the master of this node; empty while it doesn't answer
   * @param out gets whole lines, which must reach CloudWatch as they are
   */
  EmfMetrics(
      String namespace,
      String stack,
      Supplier<Optional<MasterStatus>> master,
      Consumer<String> out,
      Clock clock) {
    this.namespace = namespace;
    this.stack = stack;
    this.master = master;
    this.out = out;
    this.clock = clock;
  }

  /** Prints a line a minute while this node's master leads, until {@link #close}. */
  void follow() {
    var _ =
        thread.scheduleAtFixedRate(
            this::print, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  /** One line, if this node's master leads. */
  void print() {
    master
        .get()
        .filter(status -> status.state() == MasterStatus.State.ALIVE)
        .ifPresent(status -> out.accept(line(status, clock.instant())));
  }

  private String line(MasterStatus status, Instant now) {
    List<MasterStatus.Worker> workers =
        status.workers().stream().filter(MasterStatus.Worker::isAlive).toList();
    int cores = workers.stream().mapToInt(MasterStatus.Worker::cores).sum();
    int used = workers.stream().mapToInt(MasterStatus.Worker::coresUsed).sum();
    long waiting =
        status.applications().stream()
            .filter(application -> application.state().equals("WAITING"))
            .count();
    Map<String, Number> metrics = new LinkedHashMap<>();
    // Who waits needs workers, also where there is none yet.
    metrics.put("UsedCoresPercent", waiting > 0 ? 100 : cores == 0 ? 0 : used * 100 / cores);
    metrics.put("UsedCores", used);
    metrics.put("Cores", cores);
    metrics.put("Workers", workers.size());
    metrics.put("Applications", status.applications().size());
    metrics.put("WaitingApplications", waiting);
    List<Map<String, String>> definitions =
        metrics.keySet().stream()
            .map(
                name ->
                    Map.of("Name", name, "Unit", name.endsWith("Percent") ? "Percent" : "Count"))
            .toList();
    Map<String, Object> document = new LinkedHashMap<>();
    document.put(
        "_aws",
        Map.of(
            "Timestamp",
            now.toEpochMilli(),
            "CloudWatchMetrics",
            List.of(
                Map.of(
                    "Namespace",
                    namespace,
                    "Dimensions",
                    List.of(List.of("Stack")),
                    "Metrics",
                    definitions))));
    document.put("Stack", stack);
    document.putAll(metrics);
    try {
      return JSON.writeValueAsString(document);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
