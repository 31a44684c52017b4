package io.sparkappliance.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The gateway's calls, to the letter: people have scripts written against them. */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class GatewayContractIT {
  private static final String UNKNOWN = "00000000-0000-0000-0000-000000000000";
  private static SharedNode node;
  private static GatewayClient gateway;
  private static GatewayClient stranger;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    gateway = node.gateway();
    stranger = gateway.with(Optional.empty());
  }

  @Test
  void discoveryAndHealthAreOpen() {
    for (String path :
        List.of(
            "/",
            "/healthz",
            "/.well-known/schema-discovery",
            "/get_master_ip",
            "/get_master_uri",
            "/get_thrift_server_uri",
            "/get_connect_uri")) {
      assertThat(stranger.get(path).code()).as(path).isEqualTo(200);
    }
  }

  @Test
  void discoverySaysWhereThingsAre() {
    String address = node.container().shell("hostname -i").strip();
    assertThat(stranger.get("/get_master_ip").text()).isEqualTo(address);
    assertThat(stranger.get("/get_master_uri").text()).isEqualTo("spark://" + address + ":7077");
    assertThat(stranger.get("/get_thrift_server_uri").text())
        .isEqualTo("jdbc:hive2://" + address + ":10000/");
    assertThat(stranger.get("/get_connect_uri").text()).isEqualTo("sc://" + address + ":15002/");
    JsonNode discovery = SharedNode.json(stranger.get("/.well-known/schema-discovery").text());
    String definition = discovery.path("schema_url").asText();
    assertThat(stranger.get(definition).text()).contains("openapi", "/get_job_status/{");
  }

  @Test
  void whatRunsCodeOrReadsJobsNeedsTheToken() {
    for (Optional<String> token : List.of(Optional.<String>empty(), Optional.of("wrong-token"))) {
      GatewayClient other = gateway.with(token);
      assertThat(other.sendQuery("select 1", Map.of()).code()).isEqualTo(401);
      assertThat(other.submit("a.py", new byte[] {'1'}, Map.of()).code()).isEqualTo(401);
      assertThat(other.get("/get_job_status/" + UNKNOWN).code()).isEqualTo(401);
      assertThat(other.get("/get_job_output/" + UNKNOWN).code()).isEqualTo(401);
    }
    assertThat(
            stranger
                .get("/get_job_status/" + UNKNOWN)
                .response()
                .headers()
                .firstValue("WWW-Authenticate"))
        .hasValueSatisfying(challenge -> assertThat(challenge).startsWith("Bearer"));
  }

  @Test
  void aFinishedJobIs201AndItsOutputCanBeReadTwice() {
    String job =
        GatewayClient.jobId(gateway.sendQuery("select 1 as one; select 'a;b' as two", Map.of()));
    Http.Answer end = gateway.awaitEnd(job);
    assertThat(end.code()).as(end.text()).isEqualTo(201);
    assertThat(SharedNode.json(end.text()))
        .isEqualTo(SharedNode.json("{\"job_id\":\"" + job + "\",\"status\":\"finished\"}"));
    for (int time = 1; time <= 2; time++) {
      Http.Answer output = gateway.get("/get_job_output/" + job);
      assertThat(output.code()).isEqualTo(200);
      assertThat(output.text()).contains("| one ", "| 1 ", "| two ", "| a;b ");
      assertThat(output.response().headers().firstValue("Content-Type").orElse(""))
          .startsWith("text/plain");
    }
  }

  @Test
  void aFailedJobIs500AndItsOutputSaysWhy() {
    String job =
        GatewayClient.jobId(
            gateway.sendQuery("select 1 as one; select * from no_such_table", Map.of()));
    Http.Answer end = gateway.awaitEnd(job);
    assertThat(end.code()).isEqualTo(500);
    assertThat(SharedNode.json(end.text()))
        .isEqualTo(SharedNode.json("{\"job_id\":\"" + job + "\",\"status\":\"failed\"}"));
    Http.Answer output = gateway.get("/get_job_output/" + job);
    assertThat(output.code()).isEqualTo(500);
    assertThat(output.text()).startsWith("Job failed!\n").contains("| one ", "no_such_table");
  }

  @Test
  void aRunningJobIs200AndHasNoOutputYet() {
    String job =
        GatewayClient.jobId(
            gateway.submit(
                "wait.py",
                """
                import os, time
                print('begun', flush=True)
                while not os.path.exists('/tmp/contract-go'): time.sleep(0.1)
                print('ended')
                """
                    .getBytes(UTF_8),
                Map.of()));
    Http.Answer status = gateway.get("/get_job_status/" + job);
    assertThat(status.code()).isEqualTo(200);
    assertThat(SharedNode.json(status.text()))
        .isEqualTo(SharedNode.json("{\"job_id\":\"" + job + "\",\"status\":\"running\"}"));
    assertThat(gateway.get("/get_job_output/" + job).code()).isEqualTo(404);
    SharedNode.get().container().shell("touch /tmp/contract-go");
    assertThat(gateway.output(job)).isEqualTo("begun\nended\n");
  }

  @Test
  void anUnknownJobIs404WithItsId() {
    Http.Answer status = gateway.get("/get_job_status/" + UNKNOWN);
    assertThat(status.code()).isEqualTo(404);
    JsonNode body = SharedNode.json(status.text());
    assertThat(body.path("job_id").asText()).isEqualTo(UNKNOWN);
    assertThat(body.path("error").asText()).isNotEmpty();
    assertThat(gateway.get("/get_job_output/" + UNKNOWN).code()).isEqualTo(404);
  }

  @Test
  void anApplicationThatFailsIs500WithWhatItPrinted() {
    String job =
        GatewayClient.jobId(
            gateway.submit(
                "fail.py", "print('so far')\nraise SystemExit(3)\n".getBytes(UTF_8), Map.of()));
    assertThat(gateway.awaitEnd(job).code()).isEqualTo(500);
    Http.Answer output = gateway.get("/get_job_output/" + job);
    assertThat(output.code()).isEqualTo(500);
    assertThat(output.text()).startsWith("Job failed!\nso far\n");
  }

  @Test
  void badInputIs400WithFieldAndReason() {
    assertBad(gateway.post("/send_query", new Multipart().field("hive_vars", "a=b")), "file");
    assertBad(gateway.sendQuery("select 1", Map.of("hive_vars", "novalue")), "hive_vars");
    assertBad(gateway.submit("report.txt", new byte[] {'1'}, Map.of()), "file");
    assertBad(gateway.submit("report.jar", new byte[] {'1'}, Map.of()), "main_class");
    assertBad(
        gateway.submit("a.py", new byte[] {'1'}, Map.of("job_settings", "--master local")),
        "job_settings");
    assertBad(
        gateway.submit("a.py", new byte[] {'1'}, Map.of("job_args", "an 'open quote")), "job_args");
  }

  @Test
  void aTooLargeUploadIs413AndSaysTheLimit() {
    Http.Answer answer = gateway.submit("big.py", new byte[3 << 20], Map.of());
    assertThat(answer.code()).isEqualTo(413);
    assertThat(answer.text()).contains(SharedNode.MAX_UPLOAD, "MAX_UPLOAD_SIZE");
  }

  @Test
  void anUploadsNameIsNoPath() {
    String job =
        GatewayClient.jobId(
            gateway.submit("../../../../tmp/evil.py", "print('here')\n".getBytes(UTF_8), Map.of()));
    assertThat(gateway.output(job)).isEqualTo("here\n");
    assertThat(
            node.container()
                .shell("find / -xdev -name 'evil.py' 2>/dev/null | grep -v /jobs/ || true"))
        .isEmpty();
  }

  private static void assertBad(Http.Answer answer, String field) {
    assertThat(answer.code()).as(answer.text()).isEqualTo(400);
    JsonNode body = SharedNode.json(answer.text());
    assertThat(body.path("field").asText()).isEqualTo(field);
    assertThat(body.path("reason").asText()).isNotEmpty();
  }
}
