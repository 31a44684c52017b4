package io.sparkappliance.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.settings.ConfigurationException;
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
import org.junit.jupiter.params.provider.ValueSource;

class S3FolderTest {
  @TempDir Path directory;

  private final List<String> requests = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private int status = 200;
  private String code = "";

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
          requests.add(
              exchange.getRequestMethod()
                  + " "
                  + exchange.getRequestURI()
                  + " "
                  + exchange.getRequestHeaders().getFirst("x-amz-sdk-checksum-algorithm")
                  + " "
                  + new String(sent, StandardCharsets.UTF_8).contains("x-amz-checksum-crc32"));
          byte[] body =
              ("<Error><Code>" + code + "</Code><Message>no</Message></Error>")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, status == 200 ? -1 : body.length);
          if (status != 200) {
            exchange.getResponseBody().write(body);
          }
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @ParameterizedTest
  @CsvSource({
    "s3://logs, /logs/a/b.gz",
    "s3://logs/, /logs/a/b.gz",
    "s3a://logs/some/prefix/, /logs/some/prefix/a/b.gz",
    "S3N://logs/prefix, /logs/prefix/a/b.gz",
  })
  void aFileIsPutBelowTheFolderWithAChecksum(String location, String path) throws Exception {
    put(location, "a/b.gz");
    assertThat(requests).containsExactly("PUT " + path + " CRC32 true");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "/x", "x/", "../x", "x/..", "x/../y", "x/./y", "x//y", "x y", "x?y", "x\\y", "ü"
      })
  void noNameLeadsOutOfTheFolder(String name) {
    assertThatThrownBy(() -> put("s3://logs/prefix", name))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(requests).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "403, AccessDenied, false, S3 refuses access (403 AccessDenied), s3:PutObject",
    "404, NoSuchBucket, false, there is no bucket logs (404), Check the bucket's name",
    "503, SlowDown, true, S3 failed (503 SlowDown), It is tried again",
  })
  void refusalsSayWhatToDo(
      int answer, String error, boolean temporary, String what, String remedy) {
    status = answer;
    code = error;
    FetchFailure failure =
        catchThrowableOfType(FetchFailure.class, () -> put("s3://logs/prefix", "a"));
    assertThat(failure).hasMessage(what);
    assertThat(failure.remedy()).contains(remedy);
    assertThat(failure.isTemporary()).isEqualTo(temporary);
    assertThat(requests).as("one attempt").hasSize(1);
  }

  @Test
  void aServerThatIsNotThereMayComeBack() {
    server.stop(0);
    FetchFailure failure =
        catchThrowableOfType(FetchFailure.class, () -> put("s3://logs/prefix", "a"));
    assertThat(failure).hasMessageStartingWith("S3 can't be reached");
    assertThat(failure.isTemporary()).isTrue();
  }

  @Test
  void whatIsNoFolderIsRefused() {
    assertThatThrownBy(() -> put("/tmp/logs", "a"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("LOG_DIR=/tmp/logs: this is no folder in S3");
  }

  private void put(String location, String name) throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "content");
    URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    try (S3Folder folder =
        S3Folder.of("LOG_DIR", location, LogBucket.environment(endpoint), Duration.ofSeconds(10))) {
      folder.put(name, file);
    }
  }
}
