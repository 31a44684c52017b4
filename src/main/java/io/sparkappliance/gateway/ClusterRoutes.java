package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.sparkappliance.cluster.ClusterState;
import io.sparkappliance.cluster.ClusterSurvey;
import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.MasterStatus;
import io.sparkappliance.gateway.SparkPage.Kind;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** The calls below {@code /api/v1} that are about the cluster. */
final class ClusterRoutes {
  private static final long MEBIBYTE = 1L << 20;

  private final Guard guard;
  private final ClusterView cluster;
  private final ClusterSurvey survey;
  private final UsageHistory usage;
  private final SparkPageRoutes pages;

  ClusterRoutes(
      Guard guard,
      ClusterView cluster,
      ClusterSurvey survey,
      UsageHistory usage,
      SparkPageRoutes pages) {
    this.guard = guard;
    this.cluster = cluster;
    this.survey = survey;
    this.usage = usage;
    this.pages = pages;
  }

  /** All of them. */
  List<Route> routes() {
    return List.of(
        guard.reads("/api/v1/cluster", this::show),
        guard.reads("/api/v1/cluster/usage", this::history));
  }

  private void show(Context context) throws IOException {
    new QueryString(context).finish();
    ClusterState state = survey.now();
    Function<SparkPage, Optional<String>> links =
        pages.links(Guard.principal(context).orElseThrow());
    ObjectNode json = Answers.object();
    ArrayNode masters = json.putArray("masters");
    for (ClusterState.Master master : state.masters()) {
      masters
          .addObject()
          .put("host", master.host())
          .put(
              "status",
              master.state().map(now -> now.name().toLowerCase(Locale.ROOT)).orElse("unreachable"));
      if (master.state().filter(MasterStatus.State.ALIVE::equals).isPresent()) {
        json.put("leader", master.host());
      }
    }
    List<MasterStatus.Worker> workers =
        state.leading().map(MasterStatus::workers).orElse(List.of());
    ArrayNode all = json.putArray("workers");
    for (MasterStatus.Worker worker : workers) {
      ObjectNode one = all.addObject();
      view(one, worker);
      links
          .apply(SparkPage.of(Kind.WORKER, worker.id()))
          .filter(any -> worker.isAlive())
          .ifPresent(to -> one.put("ui_url", to));
    }
    ArrayNode applications = json.putArray("applications");
    for (MasterStatus.Application application :
        state.leading().map(MasterStatus::applications).orElse(List.of())) {
      ObjectNode one = applications.addObject();
      view(one, application);
      links
          .apply(SparkPage.of(Kind.APPLICATION, application.id()))
          .ifPresent(to -> one.put("ui_url", to));
    }
    List<MasterStatus.Worker> alive =
        workers.stream().filter(MasterStatus.Worker::isAlive).toList();
    json.put("cores", alive.stream().mapToInt(MasterStatus.Worker::cores).sum());
    json.put("cores_used", alive.stream().mapToInt(MasterStatus.Worker::coresUsed).sum());
    json.put(
        "memory", MEBIBYTE * alive.stream().mapToLong(MasterStatus.Worker::memoryMebibytes).sum());
    json.put(
        "memory_used",
        MEBIBYTE * alive.stream().mapToLong(MasterStatus.Worker::memoryUsedMebibytes).sum());
    ObjectNode places = json.putObject("links");
    cluster.masterUri().ifPresent(uri -> places.put("master", uri));
    cluster
        .thriftServer()
        .ifPresent(server -> places.put("thrift", "jdbc:hive2://" + server + "/"));
    cluster.connectServer().ifPresent(server -> places.put("connect", "sc://" + server + "/"));
    if (state.leading().isPresent()) {
      links.apply(SparkPage.MASTER).ifPresent(to -> places.put("master_page", to));
    }
    links
        .apply(SparkPage.HISTORY)
        .filter(any -> pages.hasHistory())
        .ifPresent(to -> places.put("history", to));
    Answers.json(context, 200, json);
  }

  private static void view(ObjectNode json, MasterStatus.Worker worker) {
    json.put("id", worker.id())
        .put("host", worker.host())
        .put("state", worker.state().toLowerCase(Locale.ROOT))
        .put("cores", worker.cores())
        .put("cores_used", worker.coresUsed())
        .put("memory", MEBIBYTE * worker.memoryMebibytes())
        .put("memory_used", MEBIBYTE * worker.memoryUsedMebibytes());
  }

  private static void view(ObjectNode json, MasterStatus.Application application) {
    json.put("id", application.id())
        .put("name", application.name())
        .put("user", application.user())
        .put("cores", application.cores())
        .put("state", application.state().toLowerCase(Locale.ROOT))
        .put("submitted_at", application.submitted().toString())
        .put(
            "duration_seconds",
            Math.max(0, Duration.between(application.submitted(), Instant.now()).toSeconds()));
  }

  private void history(Context context) {
    new QueryString(context).finish();
    ObjectNode json = Answers.object();
    json.put("interval_seconds", UsageHistory.INTERVAL.toSeconds());
    ArrayNode samples = json.putArray("samples");
    for (UsageHistory.Sample sample : usage.samples()) {
      samples
          .addObject()
          .put("at", sample.at().toString())
          .put("cores", sample.cores())
          .put("cores_used", sample.coresUsed())
          .put("memory", MEBIBYTE * sample.memoryMebibytes())
          .put("memory_used", MEBIBYTE * sample.memoryUsedMebibytes())
          .put("running", sample.jobs().running())
          .put("queued", sample.jobs().queued());
    }
    Answers.json(context, 200, json);
  }
}
