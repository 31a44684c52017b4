package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.jobs.Delivery;
import io.sparkappliance.jobs.Job;
import io.sparkappliance.jobs.JobDriver;
import io.sparkappliance.jobs.JobError;
import io.sparkappliance.jobs.JobProgress;
import io.sparkappliance.jobs.ResultInfo;
import io.sparkappliance.jobs.Terms;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Jobs as the API shows them to somebody. */
final class JobViews {
  /** What Spark calls an application that no master knows. */
  private static final String WITHOUT_MASTER = "local-";

  private static final String OWN_ADDRESS = "spark_ui_url";

  private final Function<SparkPage, Optional<String>> links;

  /**
   * Views for somebody.
   *
   * @param links where they find one of Spark's pages; empty: they may not look at it
   */
  JobViews(Function<SparkPage, Optional<String>> links) {
    this.links = links;
  }

  /** A job without what it has left behind. */
  ObjectNode view(Job job) {
    Terms terms = job.submission().terms();
    ObjectNode json = Answers.object();
    json.put("id", job.id().value());
    json.put("kind", word(job.kind()));
    json.put("name", terms.name());
    json.put("owner", job.owner());
    json.put("state", word(job.state()));
    json.put("submitted_at", job.submission().at().toString());
    job.started().ifPresent(at -> json.put("started_at", at.toString()));
    job.finished().ifPresent(at -> json.put("finished_at", at.toString()));
    job.reason().ifPresent(why -> json.put("reason", why));
    job.error().ifPresent(error -> view(json.putObject("error"), error));
    json.put("node", job.submission().node());
    json.put("attempt", job.attempt());
    json.put("max_attempts", terms.maxAttempts());
    terms.timeLimit().ifPresent(limit -> json.put("time_limit_seconds", limit.toSeconds()));
    job.sparkApplication()
        .ifPresent(
            application -> {
              json.put("spark_application_id", application.id());
              page(job, application.id()).ifPresent(page -> json.put("ui_url", page));
              application.ui().ifPresent(ui -> json.put(OWN_ADDRESS, ui));
            });
    job.driver().flatMap(JobDriver::id).ifPresent(id -> json.put("driver_id", id));
    json.put("input_bytes", job.submission().inputBytes());
    json.put("output_bytes", job.outputBytes());
    job.delivery()
        .ifPresent(
            delivery -> view(json.putObject("webhook"), terms.webhook().orElseThrow(), delivery));
    return json;
  }

  /** No master is asked for it: lists of jobs are there while none answers. */
  private Optional<String> page(Job job, String application) {
    boolean shown =
        !job.state().isFinal()
            && !application.startsWith(WITHOUT_MASTER)
            && SparkPage.isName(application);
    return shown
        ? links.apply(SparkPage.of(SparkPage.Kind.APPLICATION, application))
        : Optional.empty();
  }

  /** Whoever knows the whole address of a receiver may be able to write to it. */
  private static void view(ObjectNode json, URI address, Delivery delivery) {
    json.put("host", address.getHost());
    json.put("state", word(delivery.state()));
    json.put("event_id", delivery.event());
    json.put("attempts", delivery.attempts());
    delivery
        .due()
        .filter(_ -> delivery.attempts() > 0)
        .ifPresent(at -> json.put("next_attempt_at", at.toString()));
    delivery.trouble().ifPresent(why -> json.put("trouble", why));
  }

  private static void view(ObjectNode json, JobError error) {
    json.put("message", error.message());
    error.errorClass().ifPresent(name -> json.put("error_class", name));
    error.sqlState().ifPresent(state -> json.put("sql_state", state));
    error.line().ifPresent(line -> json.put("line", line));
    error.position().ifPresent(position -> json.put("position", position));
  }

  /** A SQL job that runs. */
  ObjectNode view(Job job, JobProgress progress) {
    ObjectNode json = view(job);
    json.put(OWN_ADDRESS, progress.ui());
    json.putObject("progress")
        .put("stages_done", progress.work().stagesDone())
        .put("stages_total", progress.work().stagesTotal())
        .put("tasks_done", progress.work().tasksDone())
        .put("tasks_total", progress.work().tasksTotal())
        .put("percent", progress.percent());
    return json;
  }

  /** A SQL job with its results' columns. */
  ObjectNode view(Job job, List<ResultInfo> results) {
    ObjectNode json = view(job);
    ArrayNode all = json.putArray("results");
    for (ResultInfo result : results) {
      ObjectNode one = all.addObject();
      ArrayNode columns = one.putArray("columns");
      result
          .columns()
          .forEach(
              column -> columns.addObject().put("name", column.name()).put("type", column.type()));
      one.put("rows", result.rows());
    }
    return json;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
