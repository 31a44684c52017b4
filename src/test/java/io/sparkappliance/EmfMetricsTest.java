package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.cluster.MasterStatus;
import io.sparkappliance.cluster.MasterStatus.Application;
import io.sparkappliance.cluster.MasterStatus.State;
import io.sparkappliance.cluster.MasterStatus.Worker;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EmfMetricsTest {
  private static final Clock NOW =
      Clock.fixed(Instant.ofEpochMilli(1_700_000_000_123L), ZoneOffset.UTC);

  private final List<String> lines = new ArrayList<>();

  @Test
  void aLineHasWhatCloudWatchMakesMetricsOf() throws Exception {
    print(State.ALIVE, List.of(worker("ALIVE", 4, 3), worker("DEAD", 8, 8)), List.of("RUNNING"));

    assertThat(lines).singleElement().asString().doesNotContain("\n");
    JsonNode line = new ObjectMapper().readTree(lines.getFirst());
    JsonNode aws = line.path("_aws");
    assertThat(aws.path("Timestamp").asLong()).isEqualTo(1_700_000_000_123L);
    JsonNode metrics = aws.path("CloudWatchMetrics").path(0);
    assertThat(metrics.path("Namespace").asText()).isEqualTo("SparkAppliance");
    assertThat(metrics.path("Dimensions").path(0).path(0).asText()).isEqualTo("Stack");
    assertThat(line.path("Stack").asText()).isEqualTo("spark-masters");
    for (JsonNode metric : metrics.path("Metrics")) {
      assertThat(line.path(metric.path("Name").asText()).isNumber()).as("%s", metric).isTrue();
      assertThat(metric.path("Unit").asText()).isIn("Percent", "Count");
    }
    assertThat(line.path("UsedCoresPercent").asInt()).isEqualTo(75);
    assertThat(line.path("Cores").asInt()).isEqualTo(4);
    assertThat(line.path("Workers").asInt()).isEqualTo(1);
  }

  @Test
  void anApplicationThatWaitsWantsWorkersWhereThereAreNone() throws Exception {
    print(State.ALIVE, List.of(), List.of("WAITING"));
    JsonNode line = new ObjectMapper().readTree(lines.getFirst());
    assertThat(line.path("UsedCoresPercent").asInt()).isEqualTo(100);
    assertThat(line.path("WaitingApplications").asInt()).isEqualTo(1);
  }

  @Test
  void aClusterWithNothingUsesNothing() throws Exception {
    print(State.ALIVE, List.of(), List.of());
    assertThat(new ObjectMapper().readTree(lines.getFirst()).path("UsedCoresPercent").asInt())
        .isZero();
  }

  @Test
  void onlyWhoLeadsCounts() {
    print(State.STANDBY, List.of(), List.of());
    new EmfMetrics("SparkAppliance", "spark-masters", Optional::empty, lines::add, NOW).print();
    assertThat(lines).isEmpty();
  }

  private void print(State state, List<Worker> workers, List<String> applications) {
    MasterStatus status =
        new MasterStatus(
            state,
            "spark://m:7077",
            workers,
            applications.stream()
                .map(it -> new Application("app-1", "a", 1, it, "spark", Instant.EPOCH))
                .toList());
    new EmfMetrics("SparkAppliance", "spark-masters", () -> Optional.of(status), lines::add, NOW)
        .print();
  }

  private static Worker worker(String state, int cores, int used) {
    return new Worker("w", "h", 7077, state, cores, used, 1024, 512);
  }
}
