package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.sparkappliance.jobs.InvalidRequestException;
import io.sparkappliance.jobs.Job;
import io.sparkappliance.jobs.JobState;
import java.util.List;

/** Bodies of answers; names and codes are those of the gateway's first version. */
final class Answers {
  static final String TEXT = "text/plain;charset=utf-8";
  static final String CSV = "text/csv;charset=utf-8";
  static final String JSON_TYPE = "application/json";

  private static final ObjectMapper JSON = new ObjectMapper();

  private Answers() {}

  /** A new JSON object. */
  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  static void json(Context context, int status, ObjectNode body) {
    context.status(status).contentType(JSON_TYPE).result(body.toString());
  }

  static void text(Context context, int status, String body) {
    context.status(status).contentType(TEXT).result(body);
  }

  /** What somebody sent, as logs can hold it. */
  static String printable(String text) {
    String safe = text.replaceAll("[^\\x20-\\x7e]", "?");
    return safe.length() <= 200 ? safe : safe.substring(0, 200) + "…";
  }

  /** An error with a sentence for people. */
  static void error(Context context, int status, String sentence) {
    json(context, status, object().put("error", sentence));
  }

  /** A field of a form that has to change; where there are several, all of them. */
  static void badField(Context context, InvalidRequestException invalid) {
    ObjectNode body = object();
    body.put("error", "The field " + invalid.field() + " " + invalid.getMessage() + ".");
    describe(body, invalid);
    List<InvalidRequestException> all = invalid.all();
    if (all.size() > 1) {
      ArrayNode problems = body.putArray("problems");
      all.forEach(one -> describe(problems.addObject(), one));
    }
    json(context, 400, body);
  }

  private static void describe(ObjectNode json, InvalidRequestException invalid) {
    json.put("field", invalid.field()).put("reason", invalid.getMessage());
  }

  /** {@code {"job_id", "status"}} with the code that says the same. */
  static void status(Context context, Job job) {
    json(
        context,
        statusCode(job.state()),
        object().put("job_id", job.id().value()).put("status", statusWord(job.state())));
  }

  static void noSuchJob(Context context, String id) {
    json(context, 404, object().put("job_id", id).put("error", "There is no job with this id."));
  }

  /** The code by which clients have always told how a job is. */
  static int statusCode(JobState state) {
    return switch (state) {
      case QUEUED, STARTING, RUNNING -> 200;
      case SUCCEEDED -> 201;
      case FAILED, CANCELLED, LOST -> 500;
    };
  }

  private static String statusWord(JobState state) {
    return switch (state) {
      case QUEUED, STARTING, RUNNING -> "running";
      case SUCCEEDED -> "finished";
      case FAILED, CANCELLED, LOST -> "failed";
    };
  }
}
