package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.sparkappliance.cluster.ClusterSurvey;
import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.jobs.ApplicationRequest;
import io.sparkappliance.jobs.ConflictException;
import io.sparkappliance.jobs.InvalidRequestException;
import io.sparkappliance.jobs.Job;
import io.sparkappliance.jobs.JobId;
import io.sparkappliance.jobs.JobKind;
import io.sparkappliance.jobs.Jobs;
import io.sparkappliance.jobs.OutputFormat;
import io.sparkappliance.jobs.QuotaException;
import io.sparkappliance.jobs.SqlCatalog;
import io.sparkappliance.jobs.SqlRequest;
import io.sparkappliance.jobs.Terms;
import io.sparkappliance.jobs.UnavailableException;
import io.sparkappliance.jobs.UnreachableFilesException;
import io.sparkappliance.jobs.UnreachableRecordsException;
import io.sparkappliance.jobs.Upload;
import io.sparkappliance.jobs.Webhooks;
import io.sparkappliance.settings.AddressRange;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.GatewayTls;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.UserRole;
import io.sparkappliance.settings.VariableNames;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProxySelector;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.eclipse.jetty.io.EofException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The gateway's HTTP server. */
public final class GatewayServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GatewayServer.class);
  private static final Logger ACCESS = LoggerFactory.getLogger("access");

  private static final String OUTPUT_FAILED = "Job failed!\n";

  private final MemorySize maxUpload;
  private final VariableNames submitEnvironment;
  private final Settings.Webhooks webhookSettings;
  private final Webhooks webhooks;
  private final List<AddressRange> trustedProxies;
  private final Access access;
  private final Guard guard;
  private final Jobs jobs;
  private final ClusterView cluster;
  private final ClusterSurvey survey;
  private final UsageHistory usage;
  private final SparkPageRoutes sparkPages;
  private final WebPage page = WebPage.load();
  private final Optional<CertificateWatch> certificate;
  private final boolean hsts;
  private final Doors doors;
  private final Javalin server;

  /**
   * Listens to nobody yet.
   *
   * @param settings limits and access
   * @param credentials the token that guards submissions and jobs
   * @param jobs the node's jobs; not closed by this server
   * @param cluster what discovery tells
   * @param survey how the cluster is
   * @param historyServers where a history server may listen, best first
   * @param proxies the way to the identity provider, and to who is told of the end of jobs
   */
  public GatewayServer(
      Settings settings,
      Credentials credentials,
      Jobs jobs,
      ClusterView cluster,
      ClusterSurvey survey,
      Supplier<List<HostAndPort>> historyServers,
      ProxySelector proxies) {
    this(settings, credentials, jobs, cluster, survey, historyServers, proxies, Doors.Limits.USUAL);
  }

  /** The same with limits of its own. */
  GatewayServer(
      Settings settings,
      Credentials credentials,
      Jobs jobs,
      ClusterView cluster,
      ClusterSurvey survey,
      Supplier<List<HostAndPort>> historyServers,
      ProxySelector proxies,
      Doors.Limits limits) {
    this.survey = survey;
    this.usage = new UsageHistory(survey, jobs);
    this.maxUpload = settings.gateway().maxUpload();
    this.submitEnvironment = settings.gateway().submitEnvironment();
    this.trustedProxies = settings.gateway().trustedProxies();
    this.access = Access.of(settings, credentials, proxies, Clock.systemUTC());
    this.guard = access.guard();
    this.webhookSettings = settings.gateway().webhooks();
    this.webhooks = jobs.webhooks(webhookSettings, proxies, access.audit()::recordWebhook);
    Optional<GatewayTls> tls = settings.gateway().tls();
    this.certificate = tls.map(it -> new CertificateWatch(it, Clock.systemUTC()));
    this.hsts = tls.filter(GatewayTls::hsts).isPresent();
    this.doors = new Doors(certificate.map(CertificateWatch::factory), limits);
    this.jobs = jobs;
    this.cluster = cluster;
    this.sparkPages =
        new SparkPageRoutes(
            guard,
            new PagePasses(access.signer(), Clock.systemUTC()),
            survey,
            historyServers,
            new SparkPageClient(settings.access().ssl()));
    this.server = Javalin.create(this::configure);
  }

  /**
   * Starts listening.
   *
   * @param host address to bind, empty for all
   * @param port 0 for any free port
   */
  public void start(Optional<String> host, int port) {
    usage.start();
    webhooks.start();
    certificate.ifPresent(CertificateWatch::start);
    if (host.isPresent()) {
      server.start(host.get(), port);
    } else {
      server.start(port);
    }
  }

  /** The port it listens on. */
  public int port() {
    return server.port();
  }

  /** What looks after the certificate, where there is one; for tests that don't wait for it. */
  Optional<CertificateWatch> certificate() {
    return certificate;
  }

  /** The server behind it, for tests that walk its routes. */
  Javalin javalin() {
    return server;
  }

  /** Stops listening; requests that are being answered have a moment to end. */
  @Override
  public void close() {
    usage.close();
    certificate.ifPresent(CertificateWatch::close);
    server.stop();
    webhooks.close();
    doors.close();
    sparkPages.close();
  }

  private void configure(JavalinConfig config) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.concurrency.useVirtualThreads = true;
    config.http.prefer405over404 = true;
    config.http.defaultContentType = Answers.TEXT;
    config.router.ignoreTrailingSlashes = true;
    doors.open(config.jetty);
    config.jetty.modifyHttpConfiguration(
        http -> {
          http.setSendServerVersion(false);
          http.addCustomizer(new TrustedProxies(trustedProxies));
        });
    config.jetty.modifyServletContextHandler(
        handler -> handler.setMaxFormContentSize(UploadForm.MAX_FIELDS_BYTES));
    config.requestLogger.http(
        (context, milliseconds) -> {
          log(context, milliseconds);
          access.audit().record(context);
        });
    config.routes.before(this::addSecurityHeaders);
    config.routes.before(SparkPageRoutes::confine);
    config.routes.before(Doors::askForTls);
    config.routes.before(guard::admit);
    config.routes.before(Doors::askForPlainBodies);
    config.routes.after(UnreadBody::discard);
    List<Route> routes = new ArrayList<>(routes());
    routes.addAll(
        new JobRoutes(jobs, guard, maxUpload, submitEnvironment, webhookSettings, sparkPages)
            .routes());
    routes.addAll(new ClusterRoutes(guard, cluster, survey, usage, sparkPages).routes());
    routes.addAll(new CatalogRoutes(guard, jobs.catalog()).routes());
    routes.addAll(new SessionRoutes(guard, jobs.sessions()).routes());
    routes.addAll(sparkPages.routes());
    routes.forEach(
        route -> config.routes.addHttpHandler(route.method(), route.path(), route.handler()));
    addHead(config, routes);
    addOptions(config, routes);
    addErrors(config);
  }

  private List<Route> routes() {
    return List.of(
        new Route(HandlerType.GET, "/", page::page),
        new Route(HandlerType.GET, "/ui", page::page),
        new Route(HandlerType.GET, WebPage.ASSETS + "{file}", page::asset),
        new Route(HandlerType.GET, "/openapi.yaml", file("/openapi.yaml", "application/yaml")),
        new Route(HandlerType.GET, "/healthz", GatewayServer::health),
        new Route(HandlerType.GET, "/.well-known/schema-discovery", GatewayServer::discovery),
        new Route(HandlerType.GET, "/get_master_ip", this::masterIp),
        new Route(HandlerType.GET, "/get_master_uri", this::masterUri),
        new Route(HandlerType.GET, "/get_thrift_server_uri", this::thriftServerUri),
        new Route(HandlerType.GET, "/get_connect_uri", this::connectUri),
        new Route(HandlerType.POST, "/send_query", guard.asks(UserRole.USER, this::sendQuery)),
        new Route(
            HandlerType.POST,
            "/submit_application",
            guard.asks(UserRole.USER, this::submitApplication)),
        new Route(
            HandlerType.GET, "/get_job_status/{id}", guard.asks(UserRole.READER, this::jobStatus)),
        new Route(
            HandlerType.GET, "/get_job_output/{id}", guard.asks(UserRole.READER, this::jobOutput)),
        new Route(HandlerType.GET, "/api/v1/me", guard.asks(UserRole.READER, access::me)),
        new Route(HandlerType.GET, SignInRoutes.SIGN_IN, access.signIn()),
        new Route(HandlerType.GET, SignInRoutes.CALLBACK, access.callback()),
        new Route(
            HandlerType.POST,
            SignInRoutes.SIGN_OUT,
            new SessionRoutes(guard, jobs.sessions()).closing(access.signOut())));
  }

  /** A HEAD has to know what the GET knows; the server itself leaves the body out. */
  private static void addHead(JavalinConfig config, List<Route> routes) {
    routes.stream()
        .filter(route -> route.method().equals(HandlerType.GET))
        .forEach(route -> config.routes.head(route.path(), route.handler()));
  }

  private static void addOptions(JavalinConfig config, List<Route> routes) {
    Map<String, List<Route>> byPath = routes.stream().collect(Collectors.groupingBy(Route::path));
    byPath.forEach(
        (path, sharing) -> {
          String methods =
              sharing.stream()
                  .map(
                      route ->
                          route.method().equals(HandlerType.GET)
                              ? "GET, HEAD"
                              : route.method().name())
                  .collect(Collectors.joining(", ", "", ", OPTIONS"));
          config.routes.options(path, context -> context.status(204).header("Allow", methods));
        });
  }

  private static void health(Context context) {
    Answers.json(context, 200, Answers.object().put("status", "ok"));
  }

  private static void discovery(Context context) {
    Answers.json(
        context,
        200,
        Answers.object()
            .put("schema_url", "/openapi.yaml")
            .put("schema_type", "openapi-3.1")
            .put("ui_url", "/ui"));
  }

  private void masterIp(Context context) {
    textOr404(context, cluster.aliveMasterAddress(), "No master is alive.");
  }

  private void masterUri(Context context) {
    textOr404(context, cluster.masterUri(), "No master is configured.");
  }

  private void thriftServerUri(Context context) {
    textOr404(
        context,
        cluster.thriftServer().map(server -> "jdbc:hive2://" + server + "/"),
        "No thrift server runs.");
  }

  private void connectUri(Context context) {
    textOr404(
        context,
        cluster.connectServer().map(server -> "sc://" + server + "/"),
        "No Connect server runs.");
  }

  private static void textOr404(Context context, Optional<String> found, String otherwise) {
    Answers.text(context, found.isPresent() ? 200 : 404, found.orElse(otherwise));
  }

  private void sendQuery(Context context) throws IOException {
    try (UploadForm form = UploadForm.read(context, jobs.incoming(), maxUpload)) {
      SqlRequest request =
          SqlRequest.parse(
              form.field("hive_vars"),
              form.field("hive_confs"),
              form.field("username"),
              form.field("password"));
      Job job =
          jobs.submitQuery(
              Guard.owner(context), request, form.file(), Terms.ofFile(form.fileName()));
      AuditLog.job(context, job.id().value());
      Answers.text(context, 200, job.id().value());
    }
  }

  private void submitApplication(Context context) throws IOException {
    try (UploadForm form = UploadForm.read(context, jobs.incoming(), maxUpload)) {
      ApplicationRequest request =
          ApplicationRequest.parse(
              form.fileName(),
              form.field("main_class"),
              form.field("job_args"),
              form.field("job_settings"));
      Job job =
          jobs.submitApplication(
              Guard.owner(context), request, Upload.of(form.file()), Terms.ofFile(form.fileName()));
      AuditLog.job(context, job.id().value());
      Answers.text(context, 200, job.id().value());
    }
  }

  private void jobStatus(Context context) throws IOException {
    Optional<Job> job = find(context);
    if (job.isPresent()) {
      Answers.status(context, job.get());
    } else {
      Answers.noSuchJob(context, context.pathParam("id"));
    }
  }

  private void jobOutput(Context context) throws IOException {
    Optional<Job> found = find(context);
    if (found.isEmpty()) {
      Answers.text(context, 404, "There is no job with this id.\n");
      return;
    }
    Job job = found.get();
    OutputFormat format = format(context, job);
    if (!job.state().isFinal()) {
      Answers.text(context, 404, "The job has not ended yet.\n");
      return;
    }
    boolean failed = Answers.statusCode(job.state()) == 500;
    context.status(failed ? 500 : 200);
    context.contentType(
        switch (format) {
          case TEXT -> Answers.TEXT;
          case CSV -> Answers.CSV;
          case JSON -> Answers.JSON_TYPE;
        });
    LongAnswer.send(
        context,
        out -> {
          if (failed && format != OutputFormat.JSON) {
            out.write(OUTPUT_FAILED.getBytes(StandardCharsets.UTF_8));
          }
          jobs.writeOutput(job, format, out);
        });
  }

  private static OutputFormat format(Context context, Job job) {
    String asked = Optional.ofNullable(context.queryParam("format")).orElse("text");
    OutputFormat format =
        OutputFormat.parse(asked)
            .orElseThrow(() -> new InvalidRequestException("format", "must be text, csv or json"));
    if (job.kind() == JobKind.APPLICATION && format != OutputFormat.TEXT) {
      throw new InvalidRequestException(
          "format", "can only be text: an application writes what it likes");
    }
    return format;
  }

  private Optional<Job> find(Context context) throws IOException {
    Optional<JobId> id = JobId.parse(context.pathParam("id"));
    return id.isPresent() ? jobs.find(Guard.whoseJobs(context), id.get()) : Optional.empty();
  }

  private static Handler file(String resource, String type) {
    byte[] content;
    try (InputStream in = GatewayServer.class.getResourceAsStream(resource)) {
      content = in.readAllBytes();
    } catch (IOException unreadable) {
      throw new IllegalStateException(unreadable);
    }
    return context -> context.contentType(type).result(content);
  }

  private static void addErrors(JavalinConfig config) {
    config.routes.exception(
        RefusedException.class,
        (refused, context) -> {
          refused.name().ifPresent(name -> AuditLog.name(context, name));
          refused.headers().forEach(context::header);
          if (refused.status() >= 400) {
            // The body of a refused upload is not read.
            context.header("Connection", "close");
          }
          ObjectNode body = Answers.object().put("error", refused.getMessage());
          // For the page: whether to show a field for a token, or to send its user to the provider.
          refused.signIn().ifPresent(way -> body.put("sign_in", way));
          Answers.json(context, refused.status(), body);
        });
    config.routes.exception(
        InvalidRequestException.class,
        (invalid, context) -> {
          if (context.method().equals(HandlerType.POST)) {
            // A malformed body is not read to its end; who reuses the connection must know.
            context.header("Connection", "close");
          }
          Answers.badField(context, invalid);
        });
    config.routes.exception(
        TooLargeException.class,
        (large, context) -> {
          context.header("Connection", "close");
          Answers.json(
              context,
              413,
              Answers.object()
                  .put("error", "The field " + large.field() + " " + large.getMessage() + ".")
                  .put("field", large.field())
                  .put("reason", large.getMessage())
                  .put("limit_bytes", large.limit().bytes()));
        });
    config.routes.exception(
        SqlCatalog.NoSuchNameException.class,
        (unknown, context) -> Answers.error(context, 404, unknown.getMessage()));
    config.routes.exception(
        ConflictException.class,
        (conflict, context) -> Answers.error(context, 409, sentence(conflict.getMessage())));
    config.routes.exception(
        QuotaException.class,
        (quota, context) -> {
          context.header("Retry-After", "30");
          Answers.error(context, 429, sentence(quota.getMessage()));
        });
    config.routes.exception(
        UnreachableRecordsException.class,
        (unreachable, context) -> {
          LOG.warn("refused: {}", unreachable.getMessage());
          context.header("Retry-After", "10");
          Answers.error(
              context,
              503,
              "Not now: the database with the jobs does not answer. Try again later.");
        });
    config.routes.exception(
        UnreachableFilesException.class,
        (unreachable, context) -> {
          LOG.warn("refused: {}", unreachable.getMessage());
          context.header("Retry-After", "10");
          Answers.error(
              context,
              503,
              "Not now: the place where jobs' files are does not answer. Try again later.");
        });
    config.routes.exception(
        UnavailableException.class,
        (unavailable, context) -> {
          context.header("Retry-After", "10");
          Answers.error(context, 503, "Not now: " + unavailable.getMessage() + ".");
        });
    config.routes.exception(
        HttpResponseException.class,
        (refused, context) -> {
          Optional.ofNullable(refused.getDetails().get("availableMethods"))
              .ifPresent(methods -> context.header("Allow", methods));
          Answers.error(context, refused.getStatus(), refused.getMessage());
        });
    // Who goes away in the middle of an answer does not read another one.
    config.routes.exception(EofException.class, (gone, context) -> LOG.debug("gone", gone));
    config.routes.exception(Exception.class, GatewayServer::unexpected);
  }

  private static String sentence(String reason) {
    return Character.toUpperCase(reason.charAt(0)) + reason.substring(1) + ".";
  }

  private static void unexpected(Exception trouble, Context context) {
    Optional<RefusedException> slow = SlowClients.refusal(trouble);
    if (slow.isPresent()) {
      context.header("Connection", "close");
      Answers.error(context, slow.get().status(), slow.get().getMessage());
      return;
    }
    String id = UUID.randomUUID().toString();
    LOG.error(
        "error {} at {} {}",
        id,
        context.method(),
        Answers.printable(SparkPage.withoutPass(context.path())),
        trouble);
    Answers.json(
        context,
        500,
        Answers.object()
            .put("error", "An unexpected error; the gateway's log has it under this id.")
            .put("id", id));
  }

  private void addSecurityHeaders(Context context) {
    if (hsts && context.req().isSecure()) {
      context.header("Strict-Transport-Security", "max-age=31536000");
    }
    context.header("X-Content-Type-Options", "nosniff");
    context.header("X-Frame-Options", "DENY");
    context.header("Referrer-Policy", "no-referrer");
    context.header("Cache-Control", "no-store");
    context.header(
        "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
  }

  private static void log(Context context, float milliseconds) {
    // The path alone: tokens travel in headers, but people put them into query strings, too.
    ACCESS.info(
        "{} {} {} {} {}ms",
        context.ip(),
        context.method(),
        Answers.printable(SparkPage.withoutPass(context.path())),
        context.status().getCode(),
        Math.round(milliseconds));
  }
}
