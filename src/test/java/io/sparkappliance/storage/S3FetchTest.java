package io.sparkappliance.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.aws.FakeMetadata;
import io.sparkappliance.testing.S3MockServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

class S3FetchTest {
  private static final FetchLimits IMPATIENT =
      new FetchLimits(
          Duration.ofSeconds(2),
          Duration.ofSeconds(2),
          Duration.ofSeconds(10),
          2,
          Duration.ofMillis(5));

  private static final String CHECKSUM_OF_THE_JAR = "6FCtvA==";

  /** The SDK's chains look at these system properties first. */
  private static final Map<String, String> ACCOUNT =
      Map.of(
          "aws.accessKeyId", "AKIATEST",
          "aws.secretAccessKey", "s3cret-key",
          "aws.region", "eu-central-1");

  private static S3MockServer s3;

  @TempDir Path directory;

  @BeforeAll
  static void startS3(@TempDir Path store) throws IOException {
    ACCOUNT.forEach(System::setProperty);
    s3 = S3MockServer.start("conf", store);
    try (S3Client client = client()) {
      client.putObject(
          request -> request.bucket("conf").key("dir/my file.conf"),
          RequestBody.fromString("spark.a=1\n"));
    }
  }

  @AfterAll
  static void stopS3() {
    ACCOUNT.keySet().forEach(System::clearProperty);
    if (s3 != null) {
      s3.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"s3", "s3a", "s3n", "S3"})
  void fetchesAnObjectUnderEachScheme(String scheme) {
    assertThat(fetch(s3.endpoint(), scheme + "://conf/dir/my file.conf")).hasContent("spark.a=1\n");
  }

  @Test
  void missingObjectAndMissingBucketAreToldApart() {
    assertThatThrownBy(() -> fetch(s3.endpoint(), "s3://conf/none"))
        .hasMessageContaining("EXT_CONF=s3://conf/none: there is no such object (404)");
    assertThatThrownBy(() -> fetch(s3.endpoint(), "s3://nobucket/none"))
        .hasMessageContaining("there is no bucket nobucket (404)");
  }

  @ParameterizedTest
  @CsvSource({
    "403, AccessDenied, S3 refuses access (403 AccessDenied), 1",
    "503, SlowDown, 'S3 failed (503 SlowDown), tried 2 times', 2",
    "400, InvalidRequest, S3 answered 400 InvalidRequest, 1"
  })
  void refusalsAreExplained(int status, String code, String reason, int attempts)
      throws IOException {
    AtomicInteger requests = new AtomicInteger();
    HttpServer server = server(status, code, requests);
    try {
      assertThatThrownBy(() -> fetch(endpoint(server), "s3://conf/x"))
          .hasMessageContaining(reason)
          .hasMessageNotContainingAny("s3cret-key", "AKIATEST");
      assertThat(requests).hasValue(attempts);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void serverThatIsNotThereIsExplained() throws IOException {
    HttpServer server = server(500, "x", new AtomicInteger());
    URI endpoint = endpoint(server);
    server.stop(0);
    assertThatThrownBy(() -> fetch(endpoint, "s3://conf/x"))
        .hasMessageContaining("S3 can't be reached")
        .hasMessageContaining("AWS_ENDPOINT_URL_S3");
  }

  @Test
  void aFolderIsThereWhenItIsNeeded() {
    try (Fetcher fetcher = new Fetcher(environment(s3.endpoint()), IMPATIENT);
        S3Client client = client()) {
      for (int time = 0; time < 2; time++) {
        fetcher.makeFolder("EVENT_LOG_DIR", "s3a://conf/logs/events");
      }
      fetcher.makeFolder("EVENT_LOG_DIR", "file:/nothing/happens");
      assertThat(client.listObjectsV2(list -> list.bucket("conf").prefix("logs")).contents())
          .singleElement()
          .satisfies(mark -> assertThat(mark.key()).isEqualTo("logs/events/"));
      assertThatThrownBy(() -> fetcher.makeFolder("EVENT_LOG_DIR", "s3://nobodys/events"))
          .hasMessageContaining("EVENT_LOG_DIR=s3://nobodys/events")
          .hasMessageContaining("there is no bucket nobodys (404)");
    }
  }

  @Test
  void truncatedObjectIsNoFile() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(new byte[10]);
          exchange.getResponseBody().flush();
          exchange.close();
        });
    server.start();
    try {
      assertThatThrownBy(() -> fetch(endpoint(server), "s3://conf/x"))
          .hasMessageContaining("the transfer broke off")
          .hasMessageContaining("tried 2 times");
      assertThat(directory.resolve("target")).doesNotExist();
    } finally {
      server.stop(0);
    }
  }

  /** As S3Mock keeps it: a folder for each object, its content in a file of its own. */
  @Test
  void anObjectThatIsNotWhatWasStoredIsRefused(@TempDir Path fresh) throws IOException {
    try (S3MockServer server = S3MockServer.start("jars", fresh);
        S3Client client = client(server.endpoint())) {
      client.putObject(
          request -> request.bucket("jars").key("udf.jar").checksumCRC32(CHECKSUM_OF_THE_JAR),
          RequestBody.fromString("PK, and all the rest of it"));
      assertThat(fetch(server.endpoint(), "s3://jars/udf.jar")).exists();
      Files.delete(directory.resolve("target"));
      Path content;
      try (Stream<Path> files = Files.walk(fresh)) {
        content =
            files
                .filter(file -> file.getFileName().toString().equals("binaryData"))
                .findFirst()
                .orElseThrow();
      }

      Files.writeString(content, "PK, and all the rest of IT");
      assertThatThrownBy(() -> fetch(server.endpoint(), "s3://jars/udf.jar"))
          .hasMessageContaining("EXT_CONF=s3://jars/udf.jar: the transfer broke off")
          .hasMessageContaining("a different checksum than expected")
          .hasMessageContaining("tried 2 times");

      Files.writeString(content, "PK, and");
      assertThatThrownBy(() -> fetch(server.endpoint(), "s3://jars/udf.jar"))
          .hasMessageContaining("EXT_CONF=s3://jars/udf.jar: the transfer broke off");
      assertThat(directory.resolve("target")).doesNotExist();
    }
  }

  /** S3 gives objects that came without a checksum one that the SDK can't count everywhere. */
  @Test
  void anObjectWithAChecksumThatIsNotKnownHereIsFetchedAllTheSame() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().add("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=");
          exchange.getResponseHeaders().add("x-amz-checksum-type", "FULL_OBJECT");
          exchange.sendResponseHeaders(200, 3);
          exchange.getResponseBody().write(new byte[] {'a', 'b', 'c'});
          exchange.close();
        });
    server.start();
    try {
      assertThat(fetch(endpoint(server), "s3://conf/x")).hasContent("abc");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void theRoleThatS3RefusesIsNamedWhereTheCredentialsAreItsOwn() throws IOException {
    HttpServer server = server(403, "AccessDenied", new AtomicInteger());
    Map<String, String> withoutKey = Map.of("AWS_ENDPOINT_URL_S3", endpoint(server).toString());
    try (FakeMetadata metadata =
        new FakeMetadata("127.0.0.1")
            .with("meta-data/iam/security-credentials/", "the-nodes-role")
            .with(
                "meta-data/iam/security-credentials/the-nodes-role",
                """
                {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIATEST",
                 "SecretAccessKey": "hidden", "Token": "hidden-too",
                 "Expiration": "2099-01-01T00:00:00Z"}""")) {
      System.setProperty("aws.ec2MetadataServiceEndpoint", metadata.endpoint());
      assertThatThrownBy(() -> fetch(withoutKey))
          .hasMessageContaining("S3 refuses access to the role the-nodes-role (403 AccessDenied)")
          .hasMessageNotContaining("hidden");
      assertThatThrownBy(() -> fetch(environment(endpoint(server))))
          .hasMessageContaining("S3 refuses access (403 AccessDenied)");
    } finally {
      System.clearProperty("aws.ec2MetadataServiceEndpoint");
      server.stop(0);
    }
  }

  private void fetch(Map<String, String> environment) {
    try (Fetcher fetcher =
        new Fetcher(environment, IMPATIENT, () -> Optional.of("the-nodes-role"))) {
      fetcher.fetch("EXT_CONF", "s3://conf/x", directory.resolve("target"));
    }
  }

  private Path fetch(URI endpoint, String location) {
    try (Fetcher fetcher = new Fetcher(environment(endpoint), IMPATIENT)) {
      Path target = fetcher.fetch("EXT_CONF", location, directory.resolve("target"));
      assertThat(Files.exists(target)).isTrue();
      return target;
    }
  }

  private static S3Client client() {
    return client(s3.endpoint());
  }

  private static S3Client client(URI endpoint) {
    return S3Client.builder()
        .endpointOverride(endpoint)
        .region(Region.EU_CENTRAL_1)
        .forcePathStyle(true)
        .build();
  }

  private static Map<String, String> environment(URI endpoint) {
    return Map.of(
        "AWS_ENDPOINT_URL_S3", endpoint.toString(),
        "AWS_ACCESS_KEY_ID", "AKIATEST",
        "AWS_SECRET_ACCESS_KEY", "s3cret-key");
  }

  private static HttpServer server(int status, String code, AtomicInteger requests)
      throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          requests.incrementAndGet();
          byte[] body =
              ("<Error><Code>" + code + "</Code><Message>no</Message></Error>")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  private static URI endpoint(HttpServer server) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }
}
