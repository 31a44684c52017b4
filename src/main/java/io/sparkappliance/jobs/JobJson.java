package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/** A job's record as text. */
final class JobJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JobJson() {}

  /** One JSON object, in one line. */
  static String write(Job job) {
    ObjectNode json = JSON.createObjectNode();
    write(json.putObject("submission"), job.submission());
    json.put("state", job.state().name());
    json.put("attempt", job.attempt());
    job.started().ifPresent(at -> json.put("started", at.toString()));
    job.finished().ifPresent(at -> json.put("finished", at.toString()));
    job.error().ifPresent(error -> write(json.putObject("error"), error));
    job.cancelledBy().ifPresent(user -> json.put("cancelledBy", user));
    job.sparkApplication()
        .ifPresent(
            application -> {
              ObjectNode node = json.putObject("sparkApplication").put("id", application.id());
              application.ui().ifPresent(ui -> node.put("ui", ui));
            });
    job.driver()
        .ifPresent(
            driver -> {
              ObjectNode node = json.putObject("driver");
              driver.id().ifPresent(id -> node.put("id", id));
            });
    json.put("outputBytes", job.outputBytes());
    job.delivery().ifPresent(delivery -> write(json.putObject("delivery"), delivery));
    return json.toString();
  }

  private static void write(ObjectNode json, Submission submission) {
    json.put("kind", submission.kind().name());
    json.put("owner", submission.owner());
    json.put("at", submission.at().toString());
    json.put("node", submission.node());
    Terms terms = submission.terms();
    json.put("name", terms.name());
    json.put("maxAttempts", terms.maxAttempts());
    terms.timeLimit().ifPresent(limit -> json.put("timeLimit", limit.toString()));
    terms.idempotencyKey().ifPresent(key -> json.put("idempotencyKey", key));
    terms.webhook().ifPresent(address -> json.put("webhook", address.toString()));
    submission.fingerprint().ifPresent(print -> json.put("fingerprint", print));
    json.put("inputBytes", submission.inputBytes());
  }

  private static void write(ObjectNode json, JobError error) {
    json.put("message", error.message());
    error.errorClass().ifPresent(name -> json.put("errorClass", name));
    error.sqlState().ifPresent(state -> json.put("sqlState", state));
    error.line().ifPresent(line -> json.put("line", line));
    error.position().ifPresent(position -> json.put("position", position));
  }

  private static void write(ObjectNode json, Delivery delivery) {
    json.put("event", delivery.event());
    json.put("state", delivery.state().name());
    json.put("attempts", delivery.attempts());
    delivery.due().ifPresent(at -> json.put("due", at.toString()));
    delivery.trouble().ifPresent(why -> json.put("trouble", why));
  }

  private static Delivery delivery(JsonNode json) {
    return new Delivery(
        json.required("event").asText(),
        Delivery.State.valueOf(json.required("state").asText()),
        json.required("attempts").asInt(),
        text(json, "due").map(Instant::parse),
        text(json, "trouble"));
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws DamagedRecordException when it is something else
   */
  static Job read(JobId id, String text) throws DamagedRecordException {
    try {
      JsonNode json = JSON.readTree(text);
      return new Job(
          id,
          submission(json.required("submission")),
          JobState.valueOf(json.required("state").asText()),
          json.required("attempt").asInt(),
          text(json, "started").map(Instant::parse),
          text(json, "finished").map(Instant::parse),
          Optional.ofNullable(json.get("error")).map(JobJson::error),
          text(json, "cancelledBy"),
          Optional.ofNullable(json.get("sparkApplication"))
              .map(node -> new SparkApplication(node.required("id").asText(), text(node, "ui"))),
          Optional.ofNullable(json.get("driver")).map(node -> new JobDriver(text(node, "id"))),
          json.required("outputBytes").asLong(),
          Optional.ofNullable(json.get("delivery")).map(JobJson::delivery));
    } catch (IOException | RuntimeException malformed) {
      throw new DamagedRecordException(id, malformed);
    }
  }

  private static Submission submission(JsonNode json) {
    return new Submission(
        JobKind.valueOf(json.required("kind").asText()),
        json.required("owner").asText(),
        Instant.parse(json.required("at").asText()),
        json.required("node").asText(),
        new Terms(
            json.required("name").asText(),
            json.required("maxAttempts").asInt(),
            text(json, "timeLimit").map(Duration::parse),
            text(json, "idempotencyKey"),
            text(json, "webhook").map(URI::create)),
        text(json, "fingerprint"),
        json.required("inputBytes").asLong());
  }

  private static JobError error(JsonNode json) {
    return new JobError(
        json.required("message").asText(),
        text(json, "errorClass"),
        text(json, "sqlState"),
        number(json, "line"),
        number(json, "position"));
  }

  private static Optional<String> text(JsonNode json, String name) {
    return Optional.ofNullable(json.get(name)).map(JsonNode::asText);
  }

  private static OptionalInt number(JsonNode json, String name) {
    return json.has(name) ? OptionalInt.of(json.get(name).asInt()) : OptionalInt.empty();
  }
}
