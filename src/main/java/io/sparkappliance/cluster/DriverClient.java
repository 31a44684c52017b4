package io.sparkappliance.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks a driver how far it is, by the monitoring API of its web page. */
public final class DriverClient {
  /** For the whole answer. */
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http;

  /**
   * Uses the given client.
   *
   * @param http should follow redirects, as {@link SparkPages#client} does
   */
  public DriverClient(HttpClient http) {
    this.http = http;
  }

  /**
   * Asks once.
   *
   * @param page the driver's web page, or the master's address for it; without a slash at its end
   * @param application the id that it has to have; letters, digits and {@code -_.} only
   * @return the work of each job group that the driver remembers; empty when nobody answers in
   *     time, who answers lets nobody in, or is the driver of another application
   */
  public Optional<Map<String, Work>> work(String page, String application) {
    URI jobs = URI.create(page + "/api/v1/applications/" + application + "/jobs");
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(
            HttpRequest.newBuilder(jobs).timeout(TIMEOUT).build(), BodyHandlers.ofByteArray());
    try {
      HttpResponse<byte[]> response = answer.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return response.statusCode() == 200 ? parse(response.body()) : Optional.empty();
    } catch (ExecutionException | TimeoutException unreachable) {
      answer.cancel(true);
      return Optional.empty();
    } catch (InterruptedException stopped) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /**
   * Reads the answer.
   *
   * @return empty when it is not what a driver answers
   */
  static Optional<Map<String, Work>> parse(byte[] body) {
    Map<String, Work> groups = new HashMap<>();
    // One job at a time: a driver remembers a thousand of them.
    try (MappingIterator<JsonNode> jobs = JSON.readerFor(JsonNode.class).readValues(body)) {
      while (jobs.hasNextValue()) {
        JsonNode job = jobs.nextValue();
        if (job.has("jobGroup")) {
          groups.merge(job.path("jobGroup").asText(), work(job), Work::plus);
        }
      }
      return Optional.of(groups);
    } catch (IOException | RuntimeException notADriver) {
      return Optional.empty();
    }
  }

  private static Work work(JsonNode job) {
    int stages = Math.max(0, job.path("stageIds").size() - job.path("numSkippedStages").asInt());
    int tasks = Math.max(0, job.path("numTasks").asInt() - job.path("numSkippedTasks").asInt());
    if (job.path("status").asText().equals("SUCCEEDED")) {
      return new Work(stages, stages, tasks, tasks);
    }
    // A stage that is tried again is counted once more as completed; its tasks' indices are not.
    return new Work(
        Math.min(stages, job.path("numCompletedStages").asInt()),
        stages,
        Math.min(tasks, job.path("numCompletedIndices").asInt()),
        tasks);
  }
}
