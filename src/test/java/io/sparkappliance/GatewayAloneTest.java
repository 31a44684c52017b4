package io.sparkappliance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sparkappliance.aws.FakeMetadata;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code spark-appliance gateway}, which no launcher has given an address. */
class GatewayAloneTest {
  @TempDir Path directory;

  @Test
  void theInstancesAddressIsItsOwn() throws Exception {
    int port = freePort();
    try (FakeMetadata metadata = new FakeMetadata("127.0.0.1");
        ServerSocket thriftServer = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
      Process process = gateway(metadata, port, thriftServer.getLocalPort());
      try (HttpClient client = HttpClient.newHttpClient()) {
        HttpRequest question =
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + port + "/get_thrift_server_uri"))
                .build();
        await()
            .atMost(Duration.ofMinutes(1))
            .ignoreExceptionsInstanceOf(IOException.class)
            .failFast(() -> assertThat(process.isAlive()).as(Files.readString(log())).isTrue())
            .until(() -> client.send(question, HttpResponse.BodyHandlers.ofString()) != null);
        assertThat(client.send(question, HttpResponse.BodyHandlers.ofString()).body())
            .startsWith("jdbc:hive2://127.0.0.1:" + thriftServer.getLocalPort() + "/");
      } finally {
        process.destroy();
        process.onExit().join();
      }
    }
  }

  private Process gateway(FakeMetadata metadata, int port, int thrift) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName(),
                "gateway")
            .redirectErrorStream(true)
            .redirectOutput(log().toFile());
    builder.environment().clear();
    builder
        .environment()
        .putAll(
            Map.of(
                "PATH",
                "/usr/bin:/bin",
                "START_WEBAPP",
                "true",
                "START_MASTER",
                "true",
                "START_THRIFTSERVER",
                "true",
                "API_AUTH",
                "none",
                "ADVERTISED_HOST",
                "instance",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                metadata.endpoint(),
                "GATEWAY_PORT",
                Integer.toString(port),
                "THRIFT_PORT",
                Integer.toString(thrift),
                "SPARK_APPLIANCE_DATA",
                directory.resolve("data").toString()));
    return builder.start();
  }

  private Path log() {
    return directory.resolve("gateway.log");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
