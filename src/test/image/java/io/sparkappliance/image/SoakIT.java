package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Fifty clients at one node for a quarter of an hour, or for {@code -Dsoak.minutes}. Nothing may be
 * lost, doubled, wrong, or left behind, and the gateway needs no more at the end than it did when
 * it was warm.
 */
@Tag("long")
@ExtendWith(LabExtension.class)
final class SoakIT {
  private static final String TOKEN = "token-of-the-soak";
  private static final Duration TIME = Duration.ofMinutes(Integer.getInteger("soak.minutes", 15));

  /** The first measure: everything has been used by then. */
  private static final Duration WARM =
      TIME.dividedBy(2).compareTo(Duration.ofMinutes(3)) < 0
          ? TIME.dividedBy(2)
          : Duration.ofMinutes(3);

  private static final int CLIENTS = 50;

  /** Beside what was used when it was warm: buffers that stay with threads, what is compiled. */
  private static final int MORE_HEAP_KIB = 24 * 1024;

  private static final int MORE_THREADS = 20;
  private static final int MORE_FILES = 20;

  private static String network;
  private static Container node;

  /** Who does something holds the one, who measures the other. */
  private final ReentrantReadWriteLock quiet = new ReentrantReadWriteLock(true);

  @BeforeAll
  static void start() {
    network = Lab.network("soak");
    Path token = Lab.file("soak-token", TOKEN + "\n");
    node =
        Container.of(Lab.SLIM)
            .network(network, "node")
            .roles("MASTER", "WORKER", "THRIFTSERVER", "WEBAPP")
            .mount(token, "/run/secrets/token")
            .mount(Path.of("src/test/image/python/gateway_use.py"), "/gateway_use.py")
            .env("API_TOKEN_FILE", "/run/secrets/token")
            .env("SPARK_WORKER_CORES", "4")
            .env("DEFAULT_CORES", "1")
            .env("EXECUTOR_MEMORY", "512m")
            .env("DRIVER_MEMORY", "1g")
            .env("MAX_CONCURRENT_APPLICATIONS", "2")
            .env("MAX_CONCURRENT_QUERIES", "8")
            .option("--memory", "6g")
            .publish(8000)
            .start("soak");
    node.awaitReady(SharedNode.START);
  }

  @AfterAll
  static void remove() {
    Lab.removeContainersOf(network);
  }

  /** What the gateway uses when nobody asks it for anything, after a collection of garbage. */
  private record Use(int heapKib, int threads, int files) {}

  private Use measure() {
    quiet.writeLock().lock();
    try {
      Docker.Output told = node.exec("python3", "/gateway_use.py");
      assertThat(told.exitCode()).as(told.all()).isZero();
      JsonNode use = SharedNode.json(told.out());
      return new Use(
          use.path("heap_kib").asInt(), use.path("threads").asInt(), use.path("files").asInt());
    } finally {
      quiet.writeLock().unlock();
    }
  }

  @Test
  void fiftyClientsFindAllAsItShouldBe() throws Exception {
    long begin = System.nanoTime();
    long end = begin + TIME.toNanos();
    List<SoakClient> clients = new ArrayList<>();
    SoakClient.Programs programs = new SoakClient.Programs(end);
    GatewayClient gateway = new GatewayClient(node, Optional.of(TOKEN));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int number = 0; number < CLIENTS; number++) {
        SoakClient client = new SoakClient(node.http(8000, "/"), TOKEN, number, programs);
        clients.add(client);
        running.add(threads.submit(() -> work(client, end)));
      }
      await("the gateway is warm")
          .atMost(WARM.plusMinutes(1))
          .until(() -> System.nanoTime() - begin > WARM.toNanos());
      Use warm = measure();
      for (Future<?> client : running) {
        client.get();
      }
      // Connections that nobody uses any more are closed after a while.
      await("nothing grows; warm it was " + warm)
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofSeconds(5))
          .untilAsserted(
              () -> {
                Use now = measure();
                System.out.println("soak: warm " + warm + ", at the end " + now);
                assertThat(now.heapKib()).isLessThan(warm.heapKib() + MORE_HEAP_KIB);
                assertThat(now.threads()).isLessThanOrEqualTo(warm.threads() + MORE_THREADS);
                assertThat(now.files()).isLessThanOrEqualTo(warm.files() + MORE_FILES);
              });
    }
    check(gateway, clients);
  }

  private void work(SoakClient client, long end) {
    while (System.nanoTime() < end) {
      quiet.readLock().lock();
      try {
        client.next();
      } catch (IOException | InterruptedException failure) {
        throw new IllegalStateException(failure);
      } finally {
        quiet.readLock().unlock();
      }
    }
  }

  /** Each job that was sent is there once, as it ended; what was deleted has left nothing. */
  private static void check(GatewayClient gateway, List<SoakClient> clients) {
    Map<String, String> kept =
        clients.stream()
            .flatMap(client -> client.kept().entrySet().stream())
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    Map<String, String> listed = new HashMap<>();
    String cursor = "";
    do {
      JsonNode page = SharedNode.json(gateway.get("/api/v1/jobs?limit=200" + cursor).text());
      for (JsonNode job : page.path("jobs")) {
        assertThat(listed.put(job.path("id").asText(), job.path("state").asText())).isNull();
      }
      cursor = page.hasNonNull("next_cursor") ? "&cursor=" + page.path("next_cursor").asText() : "";
    } while (!cursor.isEmpty());
    assertThat(listed).isEqualTo(kept);
    Set<String> folders =
        node.shell("ls " + SharedNode.DATA + "/jobs")
            .lines()
            .filter(name -> name.matches("[0-9a-f]{32}"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(folders).isEqualTo(new TreeSet<>(kept.keySet()));
    assertThat(
            node.shell(
                    "ls -A "
                        + SharedNode.DATA
                        + "/jobs/incoming "
                        + SharedNode.DATA
                        + "/jobs/processes")
                .lines())
        .noneMatch(name -> name.matches("[0-9a-f]{32}"));
    Map<String, Long> done =
        clients.stream()
            .flatMap(client -> client.done().stream())
            .collect(Collectors.groupingBy(task -> task, Collectors.counting()));
    System.out.println("soak: " + kept.size() + " jobs kept, done: " + done);
    assertThat(done).containsOnlyKeys(SoakClient.TASKS);
  }
}
