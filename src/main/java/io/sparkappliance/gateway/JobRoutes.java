package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.sparkappliance.jobs.ConflictException;
import io.sparkappliance.jobs.InvalidRequestException;
import io.sparkappliance.jobs.Job;
import io.sparkappliance.jobs.JobId;
import io.sparkappliance.jobs.JobKind;
import io.sparkappliance.jobs.JobPage;
import io.sparkappliance.jobs.JobQuery;
import io.sparkappliance.jobs.JobState;
import io.sparkappliance.jobs.Jobs;
import io.sparkappliance.jobs.LogPart;
import io.sparkappliance.jobs.LogStream;
import io.sparkappliance.jobs.ResultFormat;
import io.sparkappliance.jobs.ResultInfo;
import io.sparkappliance.jobs.SqlRequest;
import io.sparkappliance.jobs.Terms;
import io.sparkappliance.jobs.UnavailableException;
import io.sparkappliance.jobs.UnreachableFilesException;
import io.sparkappliance.jobs.WebhookAddress;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.VariableNames;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The calls below {@code /api/v1} that are about jobs. */
final class JobRoutes {
  private static final String JOB = "/api/v1/jobs/{id}";
  private static final int MAX_PAGE = 500;
  private static final int MAX_WAIT_SECONDS = 300;
  private static final int MAX_LOG_BYTES = 4 << 20;
  private static final long JSON_ROWS = 1000;

  private final Jobs jobs;
  private final Guard guard;
  private final MemorySize maxUpload;
  private final VariableNames environment;
  private final SparkPageRoutes pages;
  private final Settings.Webhooks webhooks;

  /**
   * Answers for these jobs.
   *
   * @param maxUpload bytes of one request with a file
   * @param environment variables that programs may bring
   * @param pages of Spark, to which running jobs lead
   * @param webhooks who may be told of the end of a job
   */
  JobRoutes(
      Jobs jobs,
      Guard guard,
      MemorySize maxUpload,
      VariableNames environment,
      Settings.Webhooks webhooks,
      SparkPageRoutes pages) {
    this.webhooks = webhooks;
    this.pages = pages;
    this.maxUpload = maxUpload;
    this.environment = environment;
    this.jobs = jobs;
    this.guard = guard;
  }

  /** All of them. */
  List<Route> routes() {
    return List.of(
        guard.changes(HandlerType.POST, "/api/v1/queries", this::submitQuery),
        guard.changes(HandlerType.POST, "/api/v1/applications", this::submitApplication),
        guard.reads("/api/v1/jobs", this::list),
        guard.reads(JOB, ofJob(this::show)),
        guard.changes(HandlerType.DELETE, JOB, ofJob(this::delete)),
        guard.changes(HandlerType.POST, JOB + "/cancel", ofJob(this::cancel)),
        guard.reads(JOB + "/input", ofJob(this::input)),
        guard.reads(JOB + "/results", ofJob(this::results)),
        guard.reads(JOB + "/log", ofJob(this::log)));
  }

  /** Answers for a job that is there. */
  @FunctionalInterface
  private interface JobHandler {
    void handle(Context context, Job job) throws IOException;
  }

  private Handler ofJob(JobHandler handler) {
    return context -> {
      Optional<Job> job = find(context);
      if (job.isPresent()) {
        handler.handle(context, job.get());
      } else {
        Answers.error(context, 404, "There is no job with this id.");
      }
    };
  }

  private void submitQuery(Context context) throws IOException, InterruptedException {
    QueryString query = new QueryString(context);
    long wait = query.number("wait", 0, MAX_WAIT_SECONDS, 0);
    query.finish();
    JsonBody body = JsonBody.read(context);
    String sql = body.requiredText("sql");
    SqlRequest request =
        SqlRequest.of(body.object("settings"), body.object("params"), body.text("session"));
    Terms terms = terms(context, body, "query");
    body.finish();
    Path script = Files.createTempFile(jobs.incoming(), "script", "");
    try {
      Files.writeString(script, sql);
      Job job = renamed(() -> jobs.submitQuery(Guard.owner(context), request, script, terms));
      accepted(context, jobs.await(job, Duration.ofSeconds(wait)));
    } finally {
      Files.deleteIfExists(script);
    }
  }

  private Terms terms(Context context, JsonBody body, String name) {
    return new Terms(
        body.text("name").orElse(name),
        body.number("max_attempts").orElse(1),
        body.seconds("time_limit_seconds"),
        Optional.ofNullable(context.header("Idempotency-Key")),
        body.text("webhook").map(address -> WebhookAddress.parse(address, webhooks)));
  }

  private void submitApplication(Context context) throws IOException, InterruptedException {
    QueryString query = new QueryString(context);
    long wait = query.number("wait", 0, MAX_WAIT_SECONDS, 0);
    query.finish();
    try (UploadForm form =
        UploadForm.read(context, jobs.incoming(), maxUpload, ApplicationForm.FILES)) {
      ApplicationForm application =
          ApplicationForm.read(
              form, environment, jobs.languages(), (body, name) -> terms(context, body, name));
      Job job =
          jobs.submitApplication(
              Guard.owner(context),
              application.request(),
              application.upload(),
              application.terms());
      accepted(context, jobs.await(job, Duration.ofSeconds(wait)));
    }
  }

  /** Something that takes a script as a file. */
  @FunctionalInterface
  private interface Submit {
    Job job() throws IOException;
  }

  /** What the old calls send as a file is a field here. */
  private static Job renamed(Submit submit) throws IOException {
    try {
      return submit.job();
    } catch (InvalidRequestException invalid) {
      throw invalid.field().equals("file")
          ? new InvalidRequestException("sql", invalid.getMessage())
          : invalid;
    }
  }

  private void accepted(Context context, Job job) throws IOException {
    AuditLog.job(context, job.id().value());
    context.header("Location", "/api/v1/jobs/" + job.id());
    Answers.json(context, job.state().isFinal() ? 200 : 202, whole(context, job));
  }

  private ObjectNode whole(Context context, Job job) throws IOException {
    JobViews views = views(context);
    if (job.kind() != JobKind.SQL || !job.state().isFinal()) {
      return jobs.progress(job)
          .map(progress -> views.view(job, progress))
          .orElseGet(() -> views.view(job));
    }
    try {
      return views.view(job, jobs.results(job));
    } catch (UnavailableException | UnreachableFilesException unseen) {
      // How the job ended is known whatever can be seen of its results.
      return views.view(job);
    }
  }

  /** Jobs as whoever calls may see them. */
  private JobViews views(Context context) {
    return new JobViews(pages.links(Guard.principal(context).orElseThrow()));
  }

  private void list(Context context) throws IOException {
    QueryString query = new QueryString(context);
    List<JobState> states = query.constants("state", JobState.class);
    List<JobKind> kinds = query.constants("kind", JobKind.class);
    Optional<String> owner = query.text("owner");
    Optional<String> mine = Guard.whoseJobs(context);
    JobQuery wanted =
        new JobQuery(
            mine.isEmpty() ? owner : mine,
            states.isEmpty() ? Set.of() : EnumSet.copyOf(states),
            EnumSet.allOf(JobKind.class).equals(Set.copyOf(kinds))
                ? Optional.empty()
                : kinds.stream().findFirst(),
            query.text("name"),
            query.instant("submitted_after"),
            query.instant("submitted_before"),
            query
                .text("cursor")
                .map(
                    text ->
                        JobQuery.Cursor.parse(text)
                            .orElseThrow(
                                () ->
                                    new InvalidRequestException(
                                        "cursor", "must be the next_cursor of an earlier answer"))),
            (int) query.number("limit", 1, MAX_PAGE, 50));
    query.finish();
    boolean othersOnly = owner.isPresent() && mine.isPresent() && !owner.equals(mine);
    JobPage page = othersOnly ? new JobPage(List.of(), Optional.empty()) : jobs.list(wanted);
    ObjectNode json = Answers.object();
    ArrayNode all = json.putArray("jobs");
    JobViews views = views(context);
    page.jobs().forEach(job -> all.add(views.view(job)));
    page.next().ifPresent(cursor -> json.put("next_cursor", cursor.toString()));
    Answers.json(context, 200, json);
  }

  private void show(Context context, Job job) throws IOException {
    Answers.json(context, 200, whole(context, job));
  }

  private void delete(Context context, Job job) throws IOException {
    jobs.delete(job);
    context.status(204);
  }

  private void cancel(Context context, Job job) throws IOException {
    Answers.json(context, 202, views(context).view(jobs.cancel(job, Guard.owner(context))));
  }

  private void input(Context context, Job job) throws IOException {
    InputStream text =
        jobs.input(job).orElseThrow(() -> new ConflictException("a jar can't be read as text"));
    context.contentType(Answers.TEXT).result(text);
  }

  private void results(Context context, Job job) throws IOException {
    QueryString query = new QueryString(context);
    ResultFormat format = format(context, query);
    int number = (int) query.number("result", 0, Integer.MAX_VALUE, 0);
    long offset = query.number("offset", 0, Long.MAX_VALUE, 0);
    long limit =
        query.number(
            "limit", 0, Long.MAX_VALUE, format == ResultFormat.JSON ? JSON_ROWS : Long.MAX_VALUE);
    query.finish();
    if (job.kind() != JobKind.SQL) {
      throw new ConflictException("an application has no results; see its log");
    }
    if (!job.state().isFinal()) {
      throw new ConflictException("the job is not over yet");
    }
    // Not before: a shared folder may remember for a while that there was none.
    List<ResultInfo> results = jobs.results(job);
    if (number >= results.size()) {
      Answers.error(context, 404, "The job has no such result; it has " + results.size() + ".");
      return;
    }
    context.contentType(format.mediaType());
    if (!format.isText()) {
      // Otherwise the server would name one.
      context.res().setCharacterEncoding((String) null);
    }
    context.header("Vary", "Accept");
    long first = Math.min(offset, results.get(number).rows());
    LongAnswer.send(context, out -> jobs.writeResult(job, number, format, first, limit, out));
  }

  private static ResultFormat format(Context context, QueryString query) {
    Optional<String> asked = query.text("format");
    if (asked.isPresent()) {
      return ResultFormat.parse(asked.get())
          .orElseThrow(
              () ->
                  new InvalidRequestException(
                      "format", "must be one of text, csv, tsv, json, jsonl, arrow, parquet"));
    }
    return Optional.ofNullable(context.header("Accept"))
        .flatMap(ResultFormat::accepted)
        .orElse(ResultFormat.JSON);
  }

  private void log(Context context, Job job) throws IOException {
    QueryString query = new QueryString(context);
    LogStream stream =
        LogStream.parse(query.text("stream").orElse("output"))
            .orElseThrow(() -> new InvalidRequestException("stream", "must be output or log"));
    long offset = query.number("offset", 0, Long.MAX_VALUE, 0);
    int limit = (int) query.number("limit", 1, MAX_LOG_BYTES, 1 << 16);
    query.finish();
    if (job.kind() != JobKind.APPLICATION) {
      throw new ConflictException("a SQL job has no log; see its results");
    }
    Optional<String> accept = Optional.ofNullable(context.header("Accept"));
    if (accept.filter(types -> types.contains(LogEvents.TYPE)).isPresent()) {
      new LogEvents(jobs, job, stream).send(context, offset);
      return;
    }
    LogPart part = jobs.log(job, stream, offset, limit);
    context.header("X-Log-Offset", Long.toString(part.offset()));
    context.header("X-Log-Next-Offset", Long.toString(part.next()));
    context.header("X-Log-Complete", Boolean.toString(part.complete()));
    context.contentType(Answers.TEXT).result(part.bytes());
  }

  private Optional<Job> find(Context context) throws IOException {
    Optional<JobId> id = JobId.parse(context.pathParam("id"));
    id.ifPresent(known -> AuditLog.job(context, known.value()));
    return id.isPresent() ? jobs.find(Guard.whoseJobs(context), id.get()) : Optional.empty();
  }
}
