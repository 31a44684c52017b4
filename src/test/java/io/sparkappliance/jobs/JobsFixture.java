package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkappliance.cluster.DriverClient;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.VariableNames;
import io.sparkappliance.testing.KnownThriftServer;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Jobs in this process, and what an earlier process may have left. */
final class JobsFixture {
  private static final Duration STOP_TIME = Duration.ofSeconds(2);

  /** Of a user. */
  static final int MAX_SESSIONS = 2;

  private JobsFixture() {}

  /** So many at once and waiting, and nothing else that bounds them. */
  static JobLimits limits(int queries, int applications, int waiting) {
    return new JobLimits(
        queries,
        applications,
        waiting,
        Integer.MAX_VALUE,
        Integer.MAX_VALUE,
        Long.MAX_VALUE,
        Long.MAX_VALUE,
        Long.MAX_VALUE,
        Duration.ofDays(1),
        Long.MAX_VALUE,
        STOP_TIME);
  }

  /** Starts applications; where masters have their pages nobody knows. */
  static ApplicationRunner runner(Path sparkHome, Map<String, String> environment) {
    return runner(sparkHome, environment, new FakeDrivers());
  }

  /** The same, with drivers on workers. */
  static ApplicationRunner runner(
      Path sparkHome, Map<String, String> environment, Drivers drivers) {
    return new ApplicationRunner(
        sparkHome, environment, new ApplicationNotes(Optional::empty), drivers);
  }

  /** Jobs of a node without a thrift server. */
  static Jobs open(Path root, Path sparkHome, Map<String, String> environment, JobLimits limits)
      throws IOException {
    return open(
        root,
        new SqlSessions(sparkHome, "me", new Secret("x")),
        Optional.empty(),
        runner(sparkHome, environment),
        limits);
  }

  /** Jobs that send SQL to a server. */
  static Jobs open(
      Path root,
      SqlSessions sessions,
      Optional<HostAndPort> server,
      ApplicationRunner applications,
      JobLimits limits)
      throws IOException {
    Jobs jobs =
        of(
            JobStore.embedded(root, "test-node"),
            sessions,
            server,
            applications,
            limits,
            Heartbeat.Times.DEFAULT,
            () -> {});
    jobs.start();
    return jobs;
  }

  /** Jobs of a store, which wait for their start. */
  static Jobs of(
      JobStore store,
      SqlSessions sessions,
      Optional<HostAndPort> server,
      ApplicationRunner applications,
      JobLimits limits,
      Heartbeat.Times times,
      Runnable giveUp) {
    KnownThriftServer cluster = new KnownThriftServer(server);
    return new Jobs(
        store,
        cluster,
        new SqlRunner(
            cluster,
            sessions,
            new NamedSessions(
                sessions,
                store.files().sessions(),
                Duration.ofMinutes(30),
                MAX_SESSIONS,
                InstantSource.system())),
        new SqlProgress(new DriverClient(SparkPages.client(Optional.empty())), (_, _) -> List.of()),
        applications,
        limits,
        times,
        giveUp);
  }

  /** A program that is to run on a worker, with all that can be said of it. */
  static ApplicationRequest inCluster() throws IOException {
    ApplicationRequest.Fields fields =
        new ApplicationRequest.Fields(
            Optional.empty(),
            Optional.of("org.example.Main"),
            Optional.of("cluster"),
            Optional.of("local:/opt/app.jar"),
            Optional.of(true),
            JsonNodeFactory.instance.arrayNode().add("one"),
            JsonNodeFactory.instance.objectNode().put("spark.cores.max", 2),
            JsonNodeFactory.instance.arrayNode().add("a:b:1"),
            JsonNodeFactory.instance.objectNode().put("APP_KEY", "hidden"),
            List.of());
    return ApplicationRequest.of(
        fields,
        new VariableNames(List.of("APP_*")),
        Set.of(ApplicationRequest.Language.JAR),
        new RequestProblems());
  }

  /** A job that was just taken. */
  static Job accepted(JobId id, JobKind kind, String owner) {
    return Job.accepted(
        id,
        new Submission(
            kind,
            owner,
            Instant.now().truncatedTo(ChronoUnit.MICROS),
            "test-node",
            Terms.named("a job"),
            Optional.empty(),
            0));
  }

  /** Writes a job down as an earlier process would have. */
  static void write(Path root, Job job) throws IOException {
    try (JobStore store = JobStore.embedded(root, "test-node")) {
      store.gateways().enter();
      store.records().insert(job);
    } catch (JobRecords.KnownKeyException impossible) {
      throw new IOException(impossible);
    }
  }

  /** Replaces a record's text. */
  static void damage(Path root, JobId id, String text) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:h2:async:" + JobFiles.at(root).records(), "jobs", "");
        PreparedStatement update =
            connection.prepareStatement("update jobs set record = ? where id = ?")) {
      update.setString(1, text);
      update.setString(2, id.value());
      update.executeUpdate();
    }
  }
}
