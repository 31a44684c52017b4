package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.cluster.DriverClient;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.cluster.Work;
import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a driver is asked how far jobs are. */
class SqlProgressTest {
  private static final String JOBS = "/api/v1/applications/app-1/jobs";

  private final DriverClient client = new DriverClient(SparkPages.client(Optional.empty()));
  private final AtomicInteger asked = new AtomicInteger();
  private HttpServer driver;
  private String page;

  @BeforeEach
  void start() throws IOException {
    driver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    page = "http://127.0.0.1:" + driver.getAddress().getPort();
    driver.start();
  }

  @AfterEach
  void stop() {
    driver.stop(0);
  }

  private void answer(String path, int code, String body) {
    driver.createContext(
        path,
        exchange -> {
          asked.incrementAndGet();
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(code, bytes.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
          }
        });
  }

  private static SqlRunner.Run run(String application) {
    SqlRunner.Run run = new SqlRunner.Run();
    run.begin(
        new SqlSession(new HostAndPort("127.0.0.1", 1), null, Optional.of(application), _ -> {}),
        2);
    return run;
  }

  @Test
  void many_who_ask_make_one_call() throws Exception {
    answer(JOBS, 200, "[]");
    SqlProgress progress = new SqlProgress(client, (_, _) -> List.of(page));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Optional<JobProgress>>> answers =
          IntStream.range(0, 1000)
              .mapToObj(_ -> threads.submit(() -> progress.of(run("app-1"))))
              .toList();
      for (Future<Optional<JobProgress>> told : answers) {
        assertThat(told.get()).contains(new JobProgress(Work.NONE, 0, page + "/"));
      }
    }
    assertThat(asked).hasValueLessThan(20);
  }

  @Test
  void the_page_that_answers_is_found_and_one_that_is_shut_is_let_be() {
    answer("/proxy/app-1" + JOBS, 200, "[]");
    answer("/api", 403, "no");
    SqlProgress found = new SqlProgress(client, (id, _) -> List.of(page, page + "/proxy/" + id));
    assertThat(found.of(run("app-1")).orElseThrow().ui()).isEqualTo(page + "/proxy/app-1/");
    int before = asked.get();
    SqlProgress shut = new SqlProgress(client, (_, _) -> List.of(page));
    for (int i = 0; i < 10; i++) {
      assertThat(shut.of(run("app-1"))).isEmpty();
    }
    assertThat(asked).hasValue(before + 1);
  }

  @Test
  void work_is_added_up_by_groups_without_what_was_skipped() {
    answer(
        JOBS,
        200,
        """
        [{"jobId": 2, "jobGroup": "a", "status": "RUNNING", "stageIds": [3, 4, 5], "numTasks": 30,
          "numSkippedTasks": 10, "numCompletedIndices": 5, "numCompletedTasks": 7,
          "numCompletedStages": 1, "numSkippedStages": 1},
         {"jobId": 1, "jobGroup": "a", "status": "SUCCEEDED", "stageIds": [2], "numTasks": 4,
          "numSkippedTasks": 0, "numCompletedIndices": 4, "numCompletedStages": 1, "numSkippedStages": 0},
         {"jobId": 0, "status": "RUNNING", "stageIds": [0], "numTasks": 1}]
        """);
    assertThat(client.work(page, "app-1").orElseThrow())
        .containsOnlyKeys("a")
        .containsEntry("a", new Work(2, 3, 9, 24));
    assertThat(client.work(page, "app-2")).isEmpty();
  }
}
