package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.sparkappliance.cluster.ClusterState;
import io.sparkappliance.cluster.ClusterSurvey;
import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.MasterStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** The calls below {@code /api/v1} that are about the cluster. */
final class ClusterRoutes {
  private static final long MEBIBYTE = 1L << 20;

  private final Guard guard;
  private final ClusterView cluster;
  private final ClusterSurvey survey;
  private final UsageHistory usage;

  ClusterRoutes(Guard guard, ClusterView cluster, ClusterSurvey survey, UsageHistory usage) {
    this.guard = guard;
    this.cluster = cluster;
    this.survey = survey;
    this.usage = usage;
  }

  /** All of them. */
  List<Route> routes() {
    return List.of(
        guard.reads("/api/v1/cluster", this::show),
        guard.reads("/api/v1/cluster/usage", this::history));
  }

  private void show(Context context) {
    new QueryString(context).finish();
    ClusterState state = survey.now();
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
    workers.forEach(worker -> view(all.addObject(), worker));
    ArrayNode applications = json.putArray("applications");
    state
        .leading()
        .map(MasterStatus::applications)
        .orElse(List.of())
        .forEach(application -> view(applications.addObject(), application));
    List<MasterStatus.Worker> alive =
        workers.stream().filter(MasterStatus.Worker::isAlive).toList();
    json.put("cores", alive.stream().mapToInt(MasterStatus.Worker::cores).sum());
    json.put("cores_used", alive.stream().mapToInt(MasterStatus.Worker::coresUsed).sum());
    json.put(
        "memory", MEBIBYTE * alive.stream().mapToLong(MasterStatus.Worker::memoryMebibytes).sum());
    json.put(
        "memory_used",
        MEBIBYTE * alive.stream().mapToLong(MasterStatus.Worker::memoryUsedMebibytes).sum());
    ObjectNode links = json.putObject("links");
    cluster.masterUri().ifPresent(uri -> links.put("master", uri));
    cluster.thriftServer().ifPresent(server -> links.put("thrift", "jdbc:hive2://" + server + "/"));
    cluster.connectServer().ifPresent(server -> links.put("connect", "sc://" + server + "/"));
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
