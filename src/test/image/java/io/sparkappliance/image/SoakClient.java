package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** One of many who work at a gateway, and look at every answer. */
final class SoakClient {
  /** What it does in turn. */
  static final List<String> TASKS =
      List.of("one row", "pages", "csv", "arrow", "cancelled", "deleted", "program");

  private static final int ROWS = 10_000;
  private static final int PAGE = 1_000;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final String COUNTS =
      """
      import time

      for number in range(40):
          print("line", number, flush=True)
          time.sleep(0.05)
      """;

  private final URI root;
  private final String token;
  private final int number;
  private final Programs programs;
  private final Map<String, String> kept = new ConcurrentHashMap<>();
  private final List<String> done = new CopyOnWriteArrayList<>();
  private int step;

  /** Programs cost a Python each: two at a time, and none at the very end. */
  static final class Programs {
    private final Semaphore places = new Semaphore(2);
    private final long end;

    Programs(long end) {
      this.end = end;
    }

    private boolean begin() {
      return end - System.nanoTime() > 0 && places.tryAcquire();
    }

    private void end() {
      places.release();
    }
  }

  /**
   * A client that has done nothing yet.
   *
   * @param number by which its jobs are told from those of others
   */
  SoakClient(URI root, String token, int number, Programs programs) {
    this.root = root;
    this.token = token;
    this.number = number;
    this.programs = programs;
    this.step = number;
  }

  /** The states of the jobs that it has left, by their ids. */
  Map<String, String> kept() {
    return kept;
  }

  /** Names of {@link #TASKS}, one for each time. */
  List<String> done() {
    return done;
  }

  /** Does one thing and checks what comes of it. */
  void next() throws IOException, InterruptedException {
    String task = TASKS.get(step++ % TASKS.size());
    boolean did =
        switch (task) {
          case "one row" -> oneRow();
          case "pages" -> pages();
          case "csv" -> csv();
          case "arrow" -> arrow();
          case "cancelled" -> cancelled();
          case "deleted" -> deleted();
          case "program" -> program();
          default -> throw new IllegalStateException(task);
        };
    if (did) {
      done.add(task);
    }
  }

  private boolean oneRow() {
    int value = number * 1_000_000 + step;
    String id = query("select 1 as one, " + value + " as mine");
    assertThat(get(results(id)).path("rows").toString()).isEqualTo("[[1," + value + "]]");
    return true;
  }

  private boolean pages() {
    String id = many();
    List<Long> rows = new ArrayList<>();
    for (int offset = 0; offset < ROWS; offset += PAGE) {
      get(results(id) + "?offset=" + offset + "&limit=" + PAGE)
          .path("rows")
          .forEach(row -> rows.add(row.path(1).asLong()));
    }
    assertThat(rows).isEqualTo(IntStream.range(0, ROWS).mapToObj(i -> i + (long) number).toList());
    return true;
  }

  private boolean csv() {
    String text = call(request(results(many()) + "?format=csv").GET(), 200);
    StringBuilder expected = new StringBuilder("id,mine\r\n");
    IntStream.range(0, ROWS)
        .forEach(i -> expected.append(i).append(',').append(i + number).append("\r\n"));
    assertThat(text).isEqualTo(expected.toString());
    return true;
  }

  private boolean arrow() throws IOException, InterruptedException {
    String path = results(many()) + "?format=arrow";
    byte[] first = bytes(path);
    // Two columns of eight bytes, and not much more.
    assertThat(first.length).isBetween(ROWS * 16, ROWS * 18);
    assertThat(bytes(path)).isEqualTo(first);
    return true;
  }

  private boolean cancelled() {
    String id =
        submit("select count(*) from range(0, 1000000000000, 1, 2) where sqrt(id) = rand()");
    call(json("/api/v1/jobs/" + id + "/cancel", "{}"), 202);
    keep(id, "cancelled");
    return true;
  }

  private boolean deleted() {
    String id = query("select " + number);
    call(request("/api/v1/jobs/" + id).DELETE(), 204);
    kept.remove(id);
    call(request(results(id)).GET(), 404);
    return true;
  }

  private boolean program() throws IOException, InterruptedException {
    if (!programs.begin()) {
      return false;
    }
    try {
      HttpRequest.Builder form =
          new Multipart()
              .field("spec", "{\"name\": \"counts\"}")
              .file("file", "counts.py", COUNTS.getBytes(UTF_8))
              .post();
      String id =
          SharedNode.json(call(with(form, "/api/v1/applications"), 202)).path("id").asText();
      List<String> lines = live(id);
      assertThat(lines).isEqualTo(IntStream.range(0, 40).mapToObj(i -> "data: line " + i).toList());
      keep(id, "succeeded");
      return true;
    } finally {
      programs.end();
    }
  }

  /** What comes while it runs. */
  private List<String> live(String id) throws IOException, InterruptedException {
    HttpResponse<Stream<String>> events =
        Http.CLIENT.send(
            request("/api/v1/jobs/" + id + "/log").header("Accept", "text/event-stream").build(),
            HttpResponse.BodyHandlers.ofLines());
    try (Stream<String> lines = events.body()) {
      return lines.filter(line -> line.startsWith("data: line")).toList();
    }
  }

  private String many() {
    return query("select id, id + " + number + " as mine from range(0, " + ROWS + ", 1, 1)");
  }

  private String query(String sql) {
    String id = submit(sql);
    keep(id, "succeeded");
    return id;
  }

  private String submit(String sql) {
    String key = "soak-" + number + "-" + step;
    String body = "{\"sql\": \"" + sql + "\"}";
    String id = null;
    // As after a lost answer: it is one job all the same.
    for (int times = 0; times < 2; times++) {
      HttpRequest.Builder request = json("/api/v1/queries", body).header("Idempotency-Key", key);
      String answer = SharedNode.json(callAny(request)).path("id").asText();
      assertThat(answer).isEqualTo(Optional.ofNullable(id).orElse(answer));
      id = answer;
    }
    return id;
  }

  private void keep(String id, String state) {
    JsonNode job =
        await("the end of " + id)
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(200))
            .until(
                () -> get("/api/v1/jobs/" + id),
                now ->
                    !List.of("queued", "starting", "running").contains(now.path("state").asText()));
    assertThat(job.path("state").asText()).as(job.toString()).isEqualTo(state);
    kept.put(id, state);
  }

  private static String results(String id) {
    return "/api/v1/jobs/" + id + "/results";
  }

  private JsonNode get(String path) {
    return SharedNode.json(call(request(path).GET(), 200));
  }

  private byte[] bytes(String path) throws IOException, InterruptedException {
    HttpResponse<byte[]> answer =
        Http.CLIENT.send(request(path).build(), HttpResponse.BodyHandlers.ofByteArray());
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }

  private static String call(HttpRequest.Builder request, int code) {
    Http.Answer answer = Http.send(request);
    assertThat(answer.code()).as(answer.text()).isEqualTo(code);
    return answer.text();
  }

  private static String callAny(HttpRequest.Builder request) {
    Http.Answer answer = Http.send(request);
    assertThat(answer.code()).as(answer.text()).isBetween(200, 202);
    return answer.text();
  }

  private HttpRequest.Builder json(String path, String body) {
    return request(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  private HttpRequest.Builder request(String path) {
    return with(HttpRequest.newBuilder(), path);
  }

  private HttpRequest.Builder with(HttpRequest.Builder request, String path) {
    return request.uri(root.resolve(path)).header("Authorization", "Bearer " + token);
  }
}
