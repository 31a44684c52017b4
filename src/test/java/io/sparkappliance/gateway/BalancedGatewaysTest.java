package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.testing.Balancer;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.PostgreSql;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways behind a plain balancer, one of which is killed, and a client that tries again. */
@ExtendWith(ThriftServerProcess.Shared.class)
class BalancedGatewaysTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int ROWS = 3_000;
  private static final int PAGE = 250;

  @TempDir private Path directory;

  /** Knows the balancer's address and nothing else. */
  private static final class Client {
    private final ObjectMapper json = new ObjectMapper();
    private final URI root;

    Client(URI root) {
      this.root = root;
    }

    HttpRequest.Builder request(String path) {
      return HttpRequest.newBuilder(root.resolve(path))
          .timeout(Duration.ofSeconds(40))
          .header("Authorization", "Bearer " + ThriftServerProcess.TOKEN.reveal());
    }

    /** Each call has a connection of its own; who is cut off, or sent away, tries again. */
    HttpResponse<String> call(HttpRequest.Builder request) {
      return patiently("an answer")
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(
              () -> {
                try (HttpClient http = HttpClient.newHttpClient()) {
                  return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
                }
              },
              answer -> answer.statusCode() != 503);
    }

    JsonNode get(String path) throws IOException {
      HttpResponse<String> answer = call(request(path));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      return json.readTree(answer.body());
    }

    /** A job; the key makes it the same one however often it is sent. */
    private String submit(HttpRequest.Builder request, String key) throws IOException {
      HttpResponse<String> answer = call(request.header("Idempotency-Key", key));
      assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 202);
      return json.readTree(answer.body()).path("id").asText();
    }

    String program(String name, String text) throws IOException {
      String spec = json.writeValueAsString(Map.of("name", name));
      GatewayFixture.Form form =
          new GatewayFixture.Form().field("spec", spec).file("program.py", text);
      return submit(form.in(request("/api/v1/applications")), name);
    }

    String query(String name, String sql) throws IOException {
      String body = json.writeValueAsString(Map.of("name", name, "sql", sql));
      return submit(
          request("/api/v1/queries")
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body)),
          name);
    }

    JsonNode awaitState(String id, String state) {
      return patiently("job " + id + " " + state)
          .until(() -> get("/api/v1/jobs/" + id), job -> job.path("state").asText().equals(state));
    }

    List<Integer> page(String id, int offset) throws IOException {
      List<Integer> rows = new ArrayList<>();
      get("/api/v1/jobs/%s/results?offset=%d&limit=%d".formatted(id, offset, PAGE))
          .path("rows")
          .forEach(row -> rows.add(row.path(0).asInt()));
      return rows;
    }

    int cancel(String id) {
      return call(request("/api/v1/jobs/" + id + "/cancel")
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString("{}")))
          .statusCode();
    }
  }

  /** Follows a log as it comes; after a cut it goes on behind the last line that it has. */
  private static final class Tail {
    private final Client client;
    private final String job;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private Optional<String> last = Optional.empty();
    private int connections;

    Tail(Client client, String job) {
      this.client = client;
      this.job = job;
    }

    /** How the job ended. */
    String follow() {
      Optional<String> end = Optional.empty();
      while (end.isEmpty()) {
        HttpRequest.Builder request =
            client.request("/api/v1/jobs/" + job + "/log").header("Accept", "text/event-stream");
        last.ifPresent(id -> request.header("Last-Event-ID", id));
        try (HttpClient http = HttpClient.newHttpClient()) {
          HttpResponse<Stream<String>> answer =
              http.send(request.build(), HttpResponse.BodyHandlers.ofLines());
          connections++;
          try (Stream<String> events = answer.body()) {
            end = read(events.iterator());
          }
        } catch (IOException | UncheckedIOException cut) {
          // Tries again.
        } catch (InterruptedException stopped) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException(stopped);
        }
      }
      return end.get();
    }

    private Optional<String> read(Iterator<String> events) {
      String id = "";
      boolean isEnd = false;
      while (events.hasNext()) {
        String event = events.next();
        if (event.startsWith("id: ")) {
          id = event.substring(4);
        } else if (event.equals("event: end")) {
          isEnd = true;
        } else if (event.startsWith("data: ") && isEnd) {
          return Optional.of(event.substring(6));
        } else if (event.startsWith("data: ")) {
          lines.add(event.substring(6));
          last = Optional.of(id);
        }
      }
      return Optional.empty();
    }
  }

  private static ConditionFactory patiently(String what) {
    return Awaitility.await(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(50));
  }

  private String mark(String name) {
    return "echo ran >> '%s'\n".formatted(directory.resolve(name));
  }

  /** Counts until it may end. */
  private String counts(String name) {
    return mark(name)
        + "i=0; until [ -e '%s' ]; do echo line $i; i=$((i + 1)); sleep 0.05; done; echo ended\n"
            .formatted(directory.resolve("go"));
  }

  private void awaitMark(String name) {
    patiently(name + " runs").until(() -> Files.exists(directory.resolve(name)));
  }

  @Test
  void a_client_that_tries_again_sees_its_work_through(ThriftServerProcess thrift)
      throws Exception {
    Path sparkHome = FakeSpark.create(directory.resolve("spark"));
    Files.createSymbolicLink(
        sparkHome.resolve("jars"), SparkDistribution.home().resolve("jars").toAbsolutePath());
    try (PostgreSql database = PostgreSql.start(directory.resolve("database"))) {
      Map<String, String> variables =
          new LinkedHashMap<>(
              RunningGateway.sharing(database.database(), directory.resolve("jobs")));
      variables.put("THRIFT_SERVER", thrift.address().toString());
      variables.put("MAX_CONCURRENT_APPLICATIONS", "1");
      try (RunningGateway a = new RunningGateway(directory.resolve("a"), sparkHome, variables);
          RunningGateway b = new RunningGateway(directory.resolve("b"), sparkHome, variables);
          Balancer balancer = new Balancer(List.of(a.root(), b.root()))) {
        try {
          work(new Client(balancer.endpoint()), a, b);
        } finally {
          Files.write(directory.resolve("go"), new byte[0]);
        }
      }
    }
  }

  private void work(Client client, RunningGateway a, RunningGateway b) throws Exception {
    // One place at each, and whose turn it is the balancer decides.
    String live = client.program("live", counts("live"));
    String other = client.program("other", counts("other"));
    awaitMark("live");
    awaitMark("other");
    boolean liveIsOfA = a.process().descendants().anyMatch(process -> runs(process, live));
    RunningGateway victim = liveIsOfA ? b : a;
    List<String> waiting = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      waiting.add(client.program("waiting" + i, mark("waiting" + i) + "echo it ran\n"));
    }
    assertThat(client.program("waiting0", mark("waiting0") + "echo it ran\n"))
        .isEqualTo(waiting.getFirst());
    String unwanted = client.program("unwanted", mark("unwanted"));
    String rows = client.query("rows", "select id from range(0, " + ROWS + ", 1, 1)");
    client.awaitState(rows, "succeeded");

    // One of two connections in a row is to the gateway that is killed.
    List<Tail> tails = List.of(new Tail(client, live), new Tail(client, live));
    List<CompletableFuture<String>> ends =
        tails.stream()
            .map(tail -> CompletableFuture.supplyAsync(tail::follow, Thread::startVirtualThread))
            .toList();
    patiently("lines").until(() -> tails.stream().allMatch(tail -> tail.lines.size() > 3));
    List<Integer> read = new ArrayList<>();
    for (int offset = 0; offset < ROWS; offset += PAGE) {
      if (offset == ROWS / 2) {
        victim.kill();
      }
      read.addAll(client.page(rows, offset));
    }
    assertThat(read).isEqualTo(IntStream.range(0, ROWS).boxed().toList());

    // What was sent before is known to the other, too; what is cancelled ends.
    assertThat(client.program("waiting0", mark("waiting0") + "echo it ran\n"))
        .isEqualTo(waiting.getFirst());
    assertThat(client.query("rows", "select id from range(0, " + ROWS + ", 1, 1)")).isEqualTo(rows);
    String after = client.query("after", "select 42");
    client.awaitState(after, "succeeded");
    assertThat(client.cancel(unwanted)).isIn(200, 202, 409);
    patiently("more lines of both")
        .until(() -> tails.stream().allMatch(tail -> tail.lines.size() > 100));
    client.awaitState(other, "lost");
    client.awaitState(unwanted, "cancelled");
    Files.write(directory.resolve("go"), new byte[0]);

    client.awaitState(live, "succeeded");
    for (CompletableFuture<String> end : ends) {
      assertThat(end.join()).isEqualTo("succeeded");
    }
    assertThat(tails.stream().mapToInt(tail -> tail.connections).sum()).isGreaterThan(2);
    String whole = client.call(client.request("/get_job_output/" + live)).body();
    for (Tail tail : tails) {
      assertThat(tail.lines).isEqualTo(whole.lines().toList());
    }
    for (String id : waiting) {
      client.awaitState(id, "succeeded");
    }
    for (String name : List.of("live", "other", "waiting0", "waiting1", "waiting2", "waiting3")) {
      assertThat(directory.resolve(name)).as(name).hasContent("ran\n");
    }
    assertThat(directory.resolve("unwanted")).doesNotExist();
    List<String> all = new ArrayList<>(waiting);
    all.addAll(List.of(live, other, unwanted, rows, after));
    assertThat(client.get("/api/v1/jobs?limit=100").path("jobs").findValuesAsText("id"))
        .containsExactlyInAnyOrderElementsOf(all);
  }

  private static boolean runs(ProcessHandle process, String job) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"))
          .contains(job);
    } catch (IOException gone) {
      return false;
    }
  }
}
