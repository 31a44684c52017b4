package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkappliance.settings.EnvironmentProxies;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.testing.FakeSpark;
import io.sparkappliance.testing.PostgreSql;
import io.sparkappliance.testing.WebhookReceiver;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.assertj.core.data.Offset;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ends of jobs that are told, with gateways that crash and programs that are shell scripts. */
class WebhooksTest {
  private static final String ME = "ann";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Heartbeat.Times QUICK =
      new Heartbeat.Times(Duration.ofMillis(50), Duration.ofSeconds(2));

  @TempDir private Path directory;
  private Path sparkHome;
  private WebhookReceiver receiver;

  /** Of all gateways. */
  private final List<Job> outcomes = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws IOException {
    sparkHome = FakeSpark.create(directory.resolve("spark"));
    receiver = new WebhookReceiver();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  private static Webhooks.Patience quick(int attempts) {
    return new Webhooks.Patience(
        Duration.ofMillis(50), Collections.nCopies(attempts - 1, Duration.ofMillis(100)));
  }

  /** A gateway that may crash. */
  private final class Node implements AutoCloseable {
    private final Jobs jobs;
    private final Webhooks webhooks;
    private boolean crashed;

    Node(JobStore store, Settings.Webhooks settings, Webhooks.Patience patience)
        throws IOException {
      jobs =
          JobsFixture.of(
              store,
              new SqlSessions(sparkHome, "me", new Secret("x")),
              Optional.empty(),
              JobsFixture.runner(sparkHome, Map.of("PATH", "/usr/bin:/bin")),
              JobsFixture.limits(1, 4, 99),
              QUICK,
              () -> {});
      jobs.start();
      webhooks =
          new Webhooks(
              store.records(),
              new WebhookSender(
                  settings,
                  WebhookClient.of(settings, new EnvironmentProxies(Map.of())),
                  Clock.systemUTC()),
              patience,
              outcomes::add,
              Clock.systemUTC());
    }

    Job submit(String program, URI webhook) throws IOException {
      Path upload = Files.createTempFile(jobs.incoming(), "upload", "");
      Files.writeString(upload, program);
      return jobs.submitApplication(
          ME,
          ApplicationRequest.parse("program.py", "", "", ""),
          Upload.of(upload),
          new Terms("a job", 1, Optional.empty(), Optional.empty(), Optional.of(webhook)));
    }

    Job find(JobId id) throws IOException {
      return jobs.find(Optional.of(ME), id).orElseThrow();
    }

    Job await(Job job, Delivery.State state) {
      return Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> find(job.id()), now -> now.delivery().orElseThrow().state() == state);
    }

    void crash() {
      webhooks.close();
      jobs.abandon();
      crashed = true;
    }

    @Override
    public void close() {
      if (!crashed) {
        webhooks.close();
        jobs.close();
      }
    }
  }

  private Settings.Webhooks settings() {
    return WebhookFixture.loopback("127.0.0.1:" + receiver.port());
  }

  private Node alone(Webhooks.Patience patience) throws IOException {
    return new Node(
        JobStore.embedded(directory.resolve("jobs"), "test-node"), settings(), patience);
  }

  private static String signature(WebhookReceiver.Message message) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    byte[] key = Base64.getDecoder().decode(WebhookFixture.SECRET.substring("whsec_".length()));
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    String signed =
        message.header("webhook-id")
            + "."
            + message.header("webhook-timestamp")
            + "."
            + message.body();
    return "v1,"
        + Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void the_end_of_a_job_is_told_and_signed() throws Exception {
    try (Node node = alone(quick(3))) {
      node.webhooks.start();
      Job job = node.submit("exit 3", receiver.url("/hook"));
      assertThat(job.delivery().orElseThrow().state()).isEqualTo(Delivery.State.WAITING);
      Job told = node.await(job, Delivery.State.DELIVERED);

      WebhookReceiver.Message message = receiver.messages().getFirst();
      assertThat(receiver.messages()).hasSize(1);
      assertThat(message.target()).isEqualTo("/hook");
      assertThat(message.header("Content-Type")).isEqualTo("application/json");
      assertThat(message.header("webhook-signature")).isEqualTo(signature(message));
      assertThat(Long.parseLong(message.header("webhook-timestamp")))
          .isCloseTo(Instant.now().getEpochSecond(), Offset.offset(120L));
      String event = told.delivery().orElseThrow().event();
      assertThat(message.header("webhook-id")).isEqualTo(event);
      assertThat(message.json().path("event_id").asText()).isEqualTo(event);
      assertThat(message.json().path("type").asText()).isEqualTo("job.ended");
      JsonNode data = message.json().path("data");
      assertThat(data.path("job_id").asText()).isEqualTo(job.id().value());
      assertThat(data.path("kind").asText()).isEqualTo("application");
      assertThat(data.path("name").asText()).isEqualTo("a job");
      assertThat(data.path("state").asText()).isEqualTo("failed");
      assertThat(data.path("reason").asText()).isEqualTo("spark-submit ended with exit code 3");
      assertThat(data.path("finished_at").asText())
          .isEqualTo(told.finished().orElseThrow().toString());
      assertThat(told.delivery().orElseThrow().attempts()).isEqualTo(1);
      Awaitility.await().atMost(PATIENCE).until(() -> outcomes.size() == 1);
      assertThat(outcomes.getFirst()).isEqualTo(told);
    }
  }

  @Test
  void what_a_server_says_of_a_statement_is_not_told() throws Exception {
    Terms terms =
        new Terms(
            "query", 1, Optional.empty(), Optional.empty(), Optional.of(receiver.url("/hook")));
    Job failed =
        Job.accepted(
                JobId.random(),
                new Submission(
                    JobKind.SQL, ME, Instant.now(), "test-node", terms, Optional.empty(), 0))
            .ended(
                JobState.FAILED,
                Instant.now(),
                SqlErrors.describe(
                    new SQLException(
                        "[PARSE_SYNTAX_ERROR] Syntax error at or near 'hidden'. SQLSTATE: 42601 (line"
                            + " 1, pos 7)\n== SQL ==\nselect hidden from")));
    Job unnamed =
        Job.accepted(JobId.random(), failed.submission())
            .ended(
                JobState.FAILED,
                Instant.now(),
                SqlErrors.describe(new IllegalStateException("select hidden")));
    WebhookSender sender =
        new WebhookSender(
            settings(),
            WebhookClient.of(settings(), new EnvironmentProxies(Map.of())),
            Clock.systemUTC());
    try (sender) {
      sender.send(failed);
      sender.send(unnamed);
    }
    assertThat(receiver.messages()).hasSize(2);
    assertThat(receiver.messages())
        .allSatisfy(message -> assertThat(message.body()).doesNotContain("hidden"));
    assertThat(receiver.messages().getFirst().json().path("data").path("reason").asText())
        .isEqualTo("a statement failed with PARSE_SYNTAX_ERROR");
  }

  @Test
  void what_does_not_arrive_is_sent_again_under_the_same_id() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    receiver.answer(_ -> calls.incrementAndGet() < 3 ? 503 : 200);
    try (Node node = alone(quick(5))) {
      node.webhooks.start();
      Job told = node.await(node.submit("echo", receiver.url("/")), Delivery.State.DELIVERED);
      assertThat(told.delivery().orElseThrow().attempts()).isEqualTo(3);
      assertThat(told.delivery().orElseThrow().trouble()).isEmpty();
      assertThat(receiver.messages())
          .hasSize(3)
          .extracting(message -> message.header("webhook-id"))
          .containsOnly(told.delivery().orElseThrow().event());
    }
  }

  @Test
  void it_is_given_up_after_some_attempts_and_the_job_says_why() throws Exception {
    receiver.answer(_ -> 500);
    try (Node node = alone(quick(3))) {
      node.webhooks.start();
      Job job = node.await(node.submit("echo", receiver.url("/")), Delivery.State.FAILED);
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(job.delivery().orElseThrow().attempts()).isEqualTo(3);
      assertThat(job.delivery().orElseThrow().trouble()).contains("answered 500");
      assertThat(receiver.messages()).hasSize(3);
      Awaitility.await().atMost(PATIENCE).until(() -> outcomes.size() == 1);
    }
  }

  @Test
  void a_redirect_ends_it_at_once() throws Exception {
    receiver.answer(_ -> 302);
    try (Node node = alone(quick(3))) {
      node.webhooks.start();
      Job job = node.await(node.submit("echo", receiver.url("/")), Delivery.State.FAILED);
      assertThat(job.delivery().orElseThrow().trouble().orElseThrow()).contains("redirect (302)");
      assertThat(receiver.messages()).hasSize(1);
    }
  }

  @Test
  void what_was_not_sent_before_a_crash_is_sent_after_it() throws Exception {
    Job job;
    try (Node before = alone(quick(3))) {
      // It never looks: as if it had crashed between the end and the message.
      job = before.await(before.submit("echo", receiver.url("/")), Delivery.State.PENDING);
      before.crash();
    }
    assertThat(receiver.messages()).isEmpty();
    try (Node after = alone(quick(3))) {
      after.webhooks.start();
      Job told = after.await(job, Delivery.State.DELIVERED);
      assertThat(receiver.messages())
          .singleElement()
          .satisfies(
              message ->
                  assertThat(message.header("webhook-id"))
                      .isEqualTo(told.delivery().orElseThrow().event()));
    }
    try (Node later = alone(quick(3))) {
      later.webhooks.start();
      later.await(later.submit("echo", receiver.url("/second")), Delivery.State.DELIVERED);
      assertThat(receiver.messages())
          .extracting(WebhookReceiver.Message::target)
          .containsExactly("/", "/second");
    }
  }

  @Test
  void attempts_before_a_crash_count_after_it() throws Exception {
    receiver.answer(_ -> 500);
    Webhooks.Patience patience =
        new Webhooks.Patience(
            Duration.ofMillis(50), List.of(Duration.ofMillis(50), Duration.ofHours(1)));
    Job job;
    try (Node before = alone(patience)) {
      before.webhooks.start();
      job = before.submit("echo", receiver.url("/"));
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> before.find(job.id()).delivery().orElseThrow().attempts() == 2);
      before.crash();
    }
    try (Node after = alone(patience)) {
      after.webhooks.start();
      Job given = after.await(job, Delivery.State.FAILED);
      assertThat(given.delivery().orElseThrow().attempts()).isEqualTo(3);
      assertThat(receiver.messages()).hasSize(3);
    }
  }

  @Test
  void whoever_answers_slowly_keeps_neither_jobs_nor_others_waiting() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    AtomicInteger atOnce = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    receiver.answer(
        _ -> {
          most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
          over.await();
          atOnce.decrementAndGet();
          return 200;
        });
    try (WebhookReceiver quickOne = new WebhookReceiver()) {
      // Another host to the gateway, though the same machine.
      Settings.Webhooks both =
          WebhookFixture.loopback("127.0.0.1:" + receiver.port() + ",localhost:" + quickOne.port());
      try (Node node =
          new Node(JobStore.embedded(directory.resolve("jobs"), "test-node"), both, quick(9))) {
        node.webhooks.start();
        Set<JobId> slow = new HashSet<>();
        for (int i = 0; i < 12; i++) {
          slow.add(node.submit("echo", receiver.url("/")).id());
        }
        for (JobId id : slow) {
          Awaitility.await().atMost(PATIENCE).until(() -> node.find(id).state().isFinal());
        }
        Awaitility.await().atMost(PATIENCE).until(() -> receiver.messages().size() == 2);
        Job other = node.submit("echo", URI.create("http://localhost:" + quickOne.port() + "/"));
        node.await(other, Delivery.State.DELIVERED);
        assertThat(most).hasValue(2);
        over.countDown();
        for (JobId id : slow) {
          node.await(node.find(id), Delivery.State.DELIVERED);
        }
        assertThat(most.get()).isLessThanOrEqualTo(2);
        assertThat(receiver.messages())
            .extracting(message -> message.json().path("data").path("job_id").asText())
            .doesNotHaveDuplicates()
            .hasSize(12);
      }
    } finally {
      over.countDown();
    }
  }

  @Test
  void a_deleted_job_is_told_to_nobody_and_a_damaged_one_holds_up_no_other() throws Exception {
    Job deleted;
    Job damaged;
    Path root = directory.resolve("jobs");
    try (Node node = alone(quick(3))) {
      deleted = node.await(node.submit("echo", receiver.url("/deleted")), Delivery.State.PENDING);
      damaged = node.await(node.submit("echo", receiver.url("/damaged")), Delivery.State.PENDING);
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> node.jobs.counts().equals(new JobCounts(0, 0)));
      node.jobs.delete(deleted);
    }
    JobsFixture.damage(root, damaged.id(), "{");
    try (Node node = alone(quick(3))) {
      node.webhooks.start();
      node.await(node.submit("echo", receiver.url("/well")), Delivery.State.DELIVERED);
      assertThat(receiver.messages())
          .extracting(WebhookReceiver.Message::target)
          .containsExactly("/well");
    }
  }

  @Test
  void tables_of_an_earlier_version_get_what_they_lack() throws Exception {
    Path root = directory.resolve("jobs");
    Job old = JobsFixture.accepted(JobId.random(), JobKind.APPLICATION, ME);
    JobsFixture.write(root, old.ended(JobState.FAILED, Instant.now(), JobError.of("it was so")));
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:h2:async:" + JobFiles.at(root).records(), "jobs", "");
        Statement statement = connection.createStatement()) {
      statement.execute("drop index jobs_webhook");
      statement.execute("alter table jobs drop column webhook_due");
      statement.execute("alter table jobs drop column webhook_host");
    }
    try (Node node = alone(quick(3))) {
      node.webhooks.start();
      assertThat(node.find(old.id()).delivery()).isEmpty();
      node.await(node.submit("echo", receiver.url("/")), Delivery.State.DELIVERED);
    }
  }

  @Test
  void another_gateway_tells_what_one_that_crashed_did_not() throws Exception {
    try (PostgreSql server = PostgreSql.start(directory.resolve("postgresql"))) {
      Settings.JobsDatabase database = server.database();
      Path root = directory.resolve("shared");
      JobStore storeOfA =
          JobStore.shared(root, directory.resolve("a"), JobDatabase.shared(database), "a");
      JobStore storeOfB =
          JobStore.shared(root, directory.resolve("b"), JobDatabase.shared(database), "b");
      try (Node a = new Node(storeOfA, settings(), quick(3));
          Node b = new Node(storeOfB, settings(), quick(3))) {
        b.webhooks.start();
        Job job = a.await(a.submit("echo", receiver.url("/of-a")), Delivery.State.PENDING);
        Job ofB = b.submit("echo", receiver.url("/of-b"));
        b.await(ofB, Delivery.State.DELIVERED);
        assertThat(receiver.messages())
            .as("who holds a job tells its end")
            .extracting(WebhookReceiver.Message::target)
            .containsExactly("/of-b");
        a.crash();
        Job told = b.await(job, Delivery.State.DELIVERED);
        assertThat(told.state()).isEqualTo(JobState.SUCCEEDED);
        assertThat(receiver.messages())
            .extracting(WebhookReceiver.Message::target)
            .containsExactly("/of-b", "/of-a");
      }
    }
  }
}
