package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.sparkappliance.auth.Principal;
import io.sparkappliance.cluster.ClusterState;
import io.sparkappliance.cluster.ClusterSurvey;
import io.sparkappliance.cluster.Endpoint;
import io.sparkappliance.cluster.MasterStatus;
import io.sparkappliance.gateway.PagePasses.Pass;
import io.sparkappliance.gateway.SparkPage.Kind;
import io.sparkappliance.jobs.UnavailableException;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.UserRole;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spark's web pages behind the gateway's sign-in, so that their own ports can stay closed. They
 * only show: what would kill something is not passed on. Where they are comes from the masters, and
 * never from a request.
 *
 * <p>A driver's pages can be anything that its program likes. Browsers therefore get each page in a
 * sandbox, in which its scripts are of no origin: they read neither the gateway's cookies nor its
 * answers.
 */
final class SparkPageRoutes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SparkPageRoutes.class);

  private static final String POLICY =
      "sandbox allow-scripts allow-forms allow-popups allow-downloads; default-src 'none';"
          + " script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
          + " img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self';"
          + " base-uri 'none'; frame-ancestors 'none'";

  private static final Pattern PATH =
      Pattern.compile("/(?:[A-Za-z0-9._~!$&'()*+,=:@\\[\\]/-]|%[0-9A-Fa-f]{2})*");
  private static final Pattern QUERY =
      Pattern.compile("(?:[A-Za-z0-9._~!$&'()*+,=:@;/?-]|%[0-9A-Fa-f]{2})*");

  /**
   * Encoded separators, and letters or digits that nobody has to encode: they would hide a name.
   */
  private static final Pattern AMBIGUOUS =
      Pattern.compile(
          "//|(?:^|/)\\.\\.?(?:/|$)"
              + "|(?i)%(?:2f|5c|2e|00|25|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])");

  /** Spark takes some of these by GET, too. */
  private static final Set<String> ACTIONS = Set.of("kill", "hold", "resume", "terminate");

  /** What is written down as refused where we say so. */
  private static final Set<Integer> REFUSALS = Set.of(401, 403, 429);

  private static final int LARGEST_PAGE = 2 << 20;
  private static final long LARGEST_FILE = 512L << 20;
  private static final Duration LONGEST = Duration.ofMinutes(5);
  private static final Duration PATIENCE_WITH_PAGES = Duration.ofSeconds(30);
  private static final int PAGES_AT_ONCE = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final PagePasses passes;
  private final ClusterSurvey survey;
  private final Supplier<List<HostAndPort>> historyServers;
  private final SparkPageClient client;
  private final Handler entry;

  /** Pages are rewritten in memory. */
  private final Semaphore places = new Semaphore(PAGES_AT_ONCE);

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("spark-pages").factory());

  /**
   * Makes the routes.
   *
   * @param historyServers where one may listen, best first
   */
  SparkPageRoutes(
      Guard guard,
      PagePasses passes,
      ClusterSurvey survey,
      Supplier<List<HostAndPort>> historyServers,
      SparkPageClient client) {
    this.passes = passes;
    this.survey = survey;
    this.historyServers = historyServers;
    this.client = client;
    this.entry = guard.asks(UserRole.READER, this::enter);
  }

  /** All of them; behind those of the gateway's own page. */
  List<Route> routes() {
    return List.of(
        new Route(HandlerType.GET, "/ui/<page>", this::show),
        // What Spark's scripts link to from where nobody can rewrite it.
        new Route(HandlerType.GET, "/proxy/<page>", entry));
  }

  /** Whether a path carries its own pass, so that nobody else is to be asked. */
  static boolean carriesPass(String path) {
    return path.startsWith(SparkPage.PAGES) || path.startsWith(SparkPage.PROXY);
  }

  /** For every call, before anything else of it: what keeps pages in their sandbox. */
  static void confine(Context context) {
    if (!carriesPass(context.path())) {
      return;
    }
    context.header("Content-Security-Policy", POLICY);
    // Scripts in the sandbox are of no origin, so that browsers ask first; who reads the answer has
    // the pass.
    context.header("Access-Control-Allow-Origin", "null");
    if (context.method().equals(HandlerType.OPTIONS)) {
      context.header("Access-Control-Allow-Headers", "X-Requested-With");
      context.header("Access-Control-Max-Age", "600");
    }
  }

  /** Where somebody finds a page; empty: they may not look at it. */
  Function<SparkPage, Optional<String>> links(Principal caller) {
    return page ->
        Optional.of(page)
            .filter(_ -> mayOpen(caller))
            .map(it -> passes.issue(it, caller).address());
  }

  /** Whether a history server answers. */
  boolean hasHistory() {
    return historyServer().isPresent();
  }

  /** They show what everybody does, and which application is whose only programs could tell. */
  private static boolean mayOpen(Principal caller) {
    return caller.role().covers(UserRole.ADMIN);
  }

  private void show(Context context) throws Exception {
    if (carriesPass(context.req().getRequestURI())) {
      open(context);
    } else {
      entry.handle(context);
    }
  }

  /** Gives who may look at a page a pass for it. */
  private void enter(Context context) throws IOException {
    String path = checked(context.req().getRequestURI(), PATH, "path");
    Optional<SparkPage> asked = page(path);
    if (asked.isEmpty()) {
      throw nothing();
    }
    Principal caller = Guard.principal(context).orElseThrow();
    SparkPage page = asked.get();
    if (!mayOpen(caller)) {
      throw new RefusedException(
          403, "These pages show what others do: they are for administrators.");
    }
    String rest = rest(path, page);
    String inside = page.start() + (rest.isEmpty() ? "/" : rest) + query(context);
    // Who may see all of it can go on to the rest.
    boolean all = page.kind() == Kind.HISTORY && caller.role().covers(UserRole.ADMIN);
    context
        .status(302)
        .header("Location", passes.issue(all ? SparkPage.HISTORY : page, caller).base() + inside);
  }

  private Optional<SparkPage> page(String path) {
    List<String> parts = List.of(path.split("/", -1));
    if (parts.get(1).equals("proxy")) {
      return known(parts.get(2));
    }
    String name = parts.size() > 3 ? parts.get(3) : "";
    return switch (parts.get(2)) {
      case "master" -> Optional.of(SparkPage.MASTER);
      case "masters" ->
          survey.now().masters().stream()
              .map(ClusterState.Master::host)
              .filter(name::equals)
              .findFirst()
              .map(host -> SparkPage.of(Kind.MASTER, host));
      case "workers" -> worker(name);
      case "applications" -> known(name).filter(page -> page.kind() == Kind.APPLICATION);
      case "history" ->
          name.isEmpty()
              ? Optional.of(SparkPage.HISTORY)
              : Optional.of(name)
                  .filter(SparkPage::isName)
                  .map(id -> SparkPage.of(Kind.HISTORY, id));
      default -> Optional.empty();
    };
  }

  /** By its id, or by its host and port. */
  private Optional<SparkPage> worker(String name) {
    return leading().stream()
        .flatMap(leader -> leader.workers().stream())
        .filter(
            worker ->
                worker.id().equals(name) || (worker.host() + ":" + worker.port()).equals(name))
        .findFirst()
        .map(worker -> SparkPage.of(Kind.WORKER, worker.id()));
  }

  /** What the master that leads calls so. */
  private Optional<SparkPage> known(String id) {
    Optional<MasterStatus> leader = leading();
    boolean worker =
        leader.stream().flatMap(it -> it.workers().stream()).anyMatch(it -> it.id().equals(id));
    boolean application =
        leader.stream()
            .flatMap(it -> it.applications().stream())
            .anyMatch(it -> it.id().equals(id));
    if (!SparkPage.isName(id) || !(worker || application)) {
      return Optional.empty();
    }
    return Optional.of(SparkPage.of(worker ? Kind.WORKER : Kind.APPLICATION, id));
  }

  private Optional<MasterStatus> leading() {
    return survey.now().leading();
  }

  /** What follows the address of a page. */
  private static String rest(String path, SparkPage page) {
    int named = path.startsWith("/proxy/") || page.kind() == Kind.WORKER ? 3 : 0;
    if (named == 0) {
      return path.substring(page.entry().length());
    }
    // A worker's address may be other than its id.
    int slashes = path.startsWith("/proxy/") ? named : named + 1;
    int at = -1;
    for (int i = 0; i < slashes; i++) {
      at = path.indexOf('/', at + 1);
      if (at < 0) {
        return "";
      }
    }
    return path.substring(at);
  }

  /** Shows what a pass opens. */
  private void open(Context context) throws IOException {
    String path = checked(context.req().getRequestURI(), PATH, "path");
    int begin = (path.startsWith(SparkPage.PROXY) ? SparkPage.PROXY : SparkPage.PAGES).length();
    int end = path.indexOf('/', begin);
    String text = path.substring(begin, end < 0 ? path.length() : end);
    Pass pass =
        passes
            .read(text)
            .filter(it -> path.startsWith(it.base()))
            .orElseThrow(() -> new RefusedException(403, "This address opens nothing."));
    String inside = end < 0 ? "/" : path.substring(end);
    if (passes.hasEnded(pass)) {
      ended(context, pass, inside);
    }
    if (!pass.page().has(inside)) {
      throw nothing();
    }
    for (String segment : inside.split("/", -1)) {
      if (ACTIONS.contains(segment.toLowerCase(Locale.ROOT))) {
        AuditLog.name(context, pass.holder().name());
        throw new RefusedException(403, "Pages only show here; end a job by the gateway's calls.");
      }
    }
    show(context, pass, inside + query(context));
  }

  private static void ended(Context context, Pass pass, String inside) {
    AuditLog.name(context, pass.holder().name());
    boolean browser =
        Optional.ofNullable(context.header("Accept")).orElse("").contains("text/html");
    if (browser) {
      throw new RefusedException(302, "Ask again.").with("Location", again(pass.page(), inside));
    }
    throw new RefusedException(
        403, "This address has served its time: open the page from the gateway's page again.");
  }

  private static String again(SparkPage page, String inside) {
    if (page.equals(SparkPage.HISTORY)) {
      return inside.startsWith("/history/") ? "/ui" + inside : page.entry();
    }
    return inside.startsWith(page.start())
        ? page.entry() + inside.substring(page.start().length())
        : page.entry();
  }

  private void show(Context context, Pass pass, String path) throws IOException {
    HostAndPort server = server(pass.page());
    String front = SparkHtml.CONTEXT + (isProxied(pass.page()) ? pass.page().start() : "");
    HttpResponse<InputStream> answer;
    try {
      answer = client.ask(context, server, path, front);
    } catch (IOException silent) {
      LOG.info("{} does not answer: {}", server, silent.toString());
      Answers.error(context, 502, "Spark does not answer at " + server + ".");
      return;
    }
    Duration time = isHtml(answer) ? PATIENCE_WITH_PAGES : LONGEST;
    Future<?> end = timer.schedule(() -> close(answer.body()), time.toSeconds(), TimeUnit.SECONDS);
    try (InputStream body = answer.body()) {
      pass(context, pass, answer, body);
    } finally {
      end.cancel(false);
    }
  }

  private static boolean isHtml(HttpResponse<InputStream> answer) {
    return type(answer).toLowerCase(Locale.ROOT).startsWith("text/html");
  }

  private static String type(HttpResponse<InputStream> answer) {
    return answer.headers().firstValue("Content-Type").orElse("application/octet-stream");
  }

  private static boolean isProxied(SparkPage page) {
    return page.kind() == Kind.WORKER || page.kind() == Kind.APPLICATION;
  }

  private static void close(InputStream body) {
    try {
      body.close();
    } catch (IOException gone) {
      LOG.debug("gone", gone);
    }
  }

  private HostAndPort server(SparkPage page) {
    return switch (page.kind()) {
      case HISTORY ->
          historyServer().orElseThrow(() -> new UnavailableException("no history server answers"));
      case MASTER ->
          page.name()
              .filter(
                  host -> survey.now().masters().stream().anyMatch(it -> it.host().equals(host)))
              .map(survey::page)
              .or(() -> page.name().isEmpty() ? leader() : Optional.empty())
              .orElseThrow(() -> new UnavailableException("no such master leads or is known"));
      case WORKER, APPLICATION -> {
        if (known(page.name().orElseThrow()).filter(page::equals).isEmpty()) {
          throw nothing();
        }
        yield leader().orElseThrow(() -> new UnavailableException("no master leads"));
      }
    };
  }

  private Optional<HostAndPort> leader() {
    return survey.now().masters().stream()
        .filter(master -> master.state().filter(MasterStatus.State.ALIVE::equals).isPresent())
        .findFirst()
        .map(master -> survey.page(master.host()));
  }

  private Optional<HostAndPort> historyServer() {
    return historyServers.get().stream()
        .filter(server -> Endpoint.accepts(server, PATIENCE))
        .findFirst();
  }

  private void pass(Context context, Pass pass, HttpResponse<InputStream> answer, InputStream body)
      throws IOException {
    SparkHtml html =
        new SparkHtml(pass, this::known, page -> passes.issue(page, pass.holder(), pass.until()));
    Optional<String> location = answer.headers().firstValue("Location");
    if (location.isPresent()) {
      Optional<String> here = here(answer.uri(), location.get());
      if (here.isEmpty()) {
        Answers.error(context, 502, "Spark sends to a place that is not its own.");
        return;
      }
      context.header("Location", html.location(here.get()));
    }
    if (REFUSALS.contains(answer.statusCode())) {
      // Whoever reads our audit log must not take it for a refusal of ours.
      Answers.error(context, 502, "Spark refuses this page.");
      return;
    }
    context.status(answer.statusCode());
    // Only what we know of headers goes on: cookies are no business of Spark's, policies are ours.
    for (String name : List.of("Last-Modified", "Content-Disposition")) {
      answer.headers().firstValue(name).ifPresent(value -> context.header(name, value));
    }
    if (answer.uri().getPath().startsWith("/static/") && answer.statusCode() == 200) {
      context.header("Cache-Control", "private, max-age=3600");
    }
    context.contentType(type(answer));
    if (isHtml(answer)) {
      rewrite(context, html, body);
    } else {
      LongAnswer.send(context, out -> copy(body, out));
    }
  }

  private void rewrite(Context context, SparkHtml html, InputStream body) throws IOException {
    try {
      if (!places.tryAcquire(PATIENCE_WITH_PAGES.toSeconds(), TimeUnit.SECONDS)) {
        throw new UnavailableException("too many of Spark's pages are being shown");
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException(stopped);
    }
    try {
      byte[] page = body.readNBytes(LARGEST_PAGE + 1);
      if (page.length > LARGEST_PAGE) {
        Answers.error(context, 502, "This page of Spark's is too large.");
        return;
      }
      context.result(
          html.page(new String(page, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8));
    } catch (SparkHtml.TooLargeException large) {
      Answers.error(context, 502, "This page of Spark's is too large.");
    } finally {
      places.release();
    }
  }

  private static void copy(InputStream in, OutputStream out) throws IOException {
    byte[] buffer = new byte[64 << 10];
    long left = LARGEST_FILE;
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      left -= count;
      if (left < 0) {
        throw new IOException("more than " + LARGEST_FILE + " bytes of one of Spark's pages");
      }
      out.write(buffer, 0, count);
    }
  }

  /** A place of the process that answered, from its root on. */
  private static Optional<String> here(URI asked, String location) {
    try {
      URI to = asked.resolve(location);
      boolean own = asked.getRawAuthority().equalsIgnoreCase(to.getRawAuthority());
      boolean plain = to.getRawPath() != null && PATH.matcher(to.getRawPath()).matches();
      String query = to.getRawQuery() == null ? "" : "?" + to.getRawQuery();
      return own && plain ? Optional.of(to.getRawPath() + query) : Optional.empty();
    } catch (IllegalArgumentException malformed) {
      return Optional.empty();
    }
  }

  private static String query(Context context) {
    String query = context.req().getQueryString();
    return query == null ? "" : "?" + checked(query, QUERY, "query");
  }

  private static String checked(String text, Pattern shape, String what) {
    boolean clear = shape != PATH || !AMBIGUOUS.matcher(text).find();
    if (!clear || !shape.matcher(text).matches()) {
      throw new RefusedException(400, "The " + what + " of this address is malformed.");
    }
    return text;
  }

  private static RefusedException nothing() {
    return new RefusedException(404, "There is no such page of Spark's now.");
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
