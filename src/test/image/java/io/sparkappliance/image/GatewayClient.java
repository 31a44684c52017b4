package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The REST gateway of a container, as a user's script calls it. */
final class GatewayClient {
  private static final int PORT = 8000;
  private final Container container;
  private final Optional<String> token;

  GatewayClient(Container container, Optional<String> token) {
    this.container = container;
    this.token = token;
  }

  /** The same gateway, called with another token or none. */
  GatewayClient with(Optional<String> other) {
    return new GatewayClient(container, other);
  }

  /** Any GET. */
  Http.Answer get(String path) {
    return send(HttpRequest.newBuilder().GET(), path);
  }

  /** Any form. */
  Http.Answer post(String path, Multipart form) {
    return send(form.post(), path);
  }

  /** Any JSON. */
  Http.Answer postJson(String path, String body) {
    return send(
        HttpRequest.newBuilder()
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)),
        path);
  }

  /** Posts a SQL script with more fields; the answer as it came. */
  Http.Answer sendQuery(String script, Map<String, String> fields) {
    Multipart form = new Multipart().file("file", "query.sql", script.getBytes(UTF_8));
    fields.forEach(form::field);
    return post("/send_query", form);
  }

  /** Runs a SQL script to its end; its output. */
  String query(String script, String hiveVars) {
    return output(jobId(sendQuery(script, Map.of("hive_vars", hiveVars))));
  }

  /** Posts an application with more fields; the answer as it came. */
  Http.Answer submit(String fileName, byte[] content, Map<String, String> fields) {
    Multipart form = new Multipart().file("file", fileName, content);
    fields.forEach(form::field);
    return post("/submit_application", form);
  }

  /** The job id of an accepted POST. */
  static String jobId(Http.Answer answer) {
    assertThat(answer.code()).as(answer.text()).isEqualTo(200);
    assertThat(answer.text()).matches("[A-Za-z0-9_.-]+");
    return answer.text();
  }

  /** Waits for a job to succeed; its output. */
  String output(String job) {
    Http.Answer end = awaitEnd(job);
    String output = get("/get_job_output/" + job).text();
    assertThat(end.code()).as("%s%n%s%n%s", end.text(), output, container.label()).isEqualTo(201);
    return output;
  }

  /** Waits until a job is no longer running; the answer of {@code get_job_status} then. */
  Http.Answer awaitEnd(String job) {
    return await("the end of job " + job)
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(300))
        .until(() -> get("/get_job_status/" + job), status -> status.code() != 200);
  }

  private Http.Answer send(HttpRequest.Builder request, String path) {
    token.ifPresent(value -> request.header("Authorization", "Bearer " + value));
    return Http.send(request.uri(container.http(PORT, path)));
  }
}
