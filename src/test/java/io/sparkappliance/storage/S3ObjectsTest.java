package io.sparkappliance.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.testing.LogBucket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is sent, and what refusals mean; with a server that says the same to everything. */
class S3ObjectsTest {
  @TempDir private Path directory;

  private final List<String> requests = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private S3Objects objects;
  private volatile int status = 200;
  private volatile String body = "";

  @BeforeAll
  static void regionIsKnown() {
    System.setProperty("aws.region", "eu-central-1");
  }

  @AfterAll
  static void regionIsForgotten() {
    System.clearProperty("aws.region");
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] sent = exchange.getRequestBody().readAllBytes();
          String text = new String(sent, StandardCharsets.UTF_8);
          requests.add(
              "%s %s %s %s"
                  .formatted(
                      exchange.getRequestMethod(),
                      exchange.getRequestURI(),
                      exchange.getRequestHeaders().getFirst("Range"),
                      text.contains("middle")));
          byte[] answer = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    objects =
        S3Objects.of(
            "JOBS_DIR",
            "s3a://bucket/some/jobs/",
            LogBucket.environment(URI.create("http://127.0.0.1:" + server.getAddress().getPort())),
            Duration.ofSeconds(10));
  }

  @AfterEach
  void stop() {
    objects.close();
    server.stop(0);
  }

  @Test
  void a_part_of_a_file_is_put_below_the_folder() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "begin middle end");
    objects.put("id/log/00000000000000000006", file, 6, 6);
    assertThat(requests)
        .containsExactly("PUT /bucket/some/jobs/id/log/00000000000000000006 null true");
    assertThat(objects.location()).isEqualTo("s3a://bucket/some/jobs/");
  }

  @Test
  void what_is_read_is_asked_for_as_a_range() throws Exception {
    body = "middle";
    assertThat(objects.read("id/log", 6, 6)).hasContent("middle");
    assertThat(requests).containsExactly("GET /bucket/some/jobs/id/log bytes=6-11 false");
  }

  @ParameterizedTest
  @CsvSource({
    "403, AccessDenied, false, S3 refuses access (403 AccessDenied), s3:ListBucket, 1",
    "404, NoSuchBucket, false, there is no bucket bucket (404), Check the bucket's name, 1",
    "503, SlowDown, true, S3 failed (503 SlowDown), It is tried again, 3",
  })
  void refusals_say_what_to_do(
      int answer, String code, boolean temporary, String what, String remedy, int attempts) {
    status = answer;
    body = "<Error><Code>" + code + "</Code><Message>no</Message></Error>";
    FetchFailure failure = catchThrowableOfType(FetchFailure.class, () -> objects.list("id"));
    assertThat(failure).hasMessage(what);
    assertThat(failure.remedy()).contains(remedy);
    assertThat(failure.isTemporary()).isEqualTo(temporary);
    assertThat(requests).hasSize(attempts);
  }

  @Test
  void what_is_not_removed_is_a_failure() {
    body =
        "<DeleteResult><Error><Key>some/jobs/id/a</Key><Code>AccessDenied</Code></Error></DeleteResult>";
    FetchFailure failure =
        catchThrowableOfType(FetchFailure.class, () -> objects.delete(List.of("id/a", "id/b")));
    assertThat(failure).hasMessage("S3 does not remove 1 objects (AccessDenied)");
    assertThat(failure.remedy()).contains("s3:DeleteObject");
  }

  @Test
  void no_name_leads_out_of_the_folder() {
    assertThatThrownBy(() -> objects.put("../x", new byte[0]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> objects.list("id/..")).isInstanceOf(IllegalArgumentException.class);
    assertThat(requests).isEmpty();
  }

  @Test
  void what_is_closed_says_so() {
    objects.close();
    assertThat(catchThrowableOfType(FetchFailure.class, () -> objects.find("id")))
        .hasMessage("the connections to S3 are closed");
  }
}
