package io.sparkappliance.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.aws.Instance.Vendor;
import io.sparkappliance.settings.ConfigurationException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceTest {
  private final List<String> said = new ArrayList<>();

  @Test
  void anInstanceKnowsItself() throws Exception {
    try (FakeMetadata metadata = new FakeMetadata("10.0.3.4").with("meta-data/x", "y")) {
      Instance instance = find(Map.of(Instance.ENDPOINT, metadata.endpoint() + "/"));

      assertThat(instance.identity())
          .isEqualTo(new InstanceIdentity("i-0123456789abcdef0", "eu-central-1", "10.0.3.4"));
      assertThat(instance.metadata().get("meta-data/x")).contains("y");
      assertThat(instance.metadata().get("meta-data/none")).isEmpty();
      assertThat(said).isEmpty();
    }
  }

  @Test
  void aTokenServesForManyQuestionsAndIsRenewed() throws Exception {
    try (FakeMetadata metadata = new FakeMetadata("10.0.3.4").with("meta-data/x", "y")) {
      MetadataService service = find(Map.of(Instance.ENDPOINT, metadata.endpoint())).metadata();
      int before = metadata.tokensGiven();
      service.get("meta-data/x");
      service.get("meta-data/x");
      assertThat(metadata.tokensGiven()).isEqualTo(before + 1);

      metadata.forgetTokens();
      assertThat(service.get("meta-data/x")).contains("y");
      assertThat(metadata.tokensGiven()).isEqualTo(before + 2);
    }
  }

  @Test
  void whoSwitchesTheServiceOffIsNotAsked() throws Exception {
    assertThat(
            Instance.find(
                Map.of(Instance.DISABLED, "true", Instance.ENDPOINT, "http://127.0.0.1:1"),
                Vendor.AMAZON,
                said::add,
                Duration.ZERO))
        .isEmpty();
  }

  @Test
  void aServiceThatIsMissingIsAnErrorThatTellsOfTheHopLimit() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    String endpoint = "http://127.0.0.1:" + port;

    assertThatThrownBy(() -> find(Map.of(Instance.ENDPOINT, endpoint)))
        .isInstanceOf(Instance.UnansweredException.class)
        .hasMessageContaining("instance metadata service=" + endpoint)
        .hasMessageContaining("named by AWS_EC2_METADATA_SERVICE_ENDPOINT")
        .hasMessageContaining("hop limit 2")
        .hasMessageContaining("AWS_EC2_METADATA_DISABLED=true");
  }

  @Test
  void anEndpointThatIsNoneIsAnError() {
    assertThatThrownBy(() -> find(Map.of(Instance.ENDPOINT, "ftp:// x")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("AWS_EC2_METADATA_SERVICE_ENDPOINT=ftp:// x: must be");
  }

  @Test
  void anotherCloudsServiceAtTheSameAddressIsNone() throws IOException {
    HttpServer other =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    other.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(exchange.getRequestMethod().equals("GET") ? 200 : 405, -1);
          exchange.close();
        });
    other.start();
    try {
      MetadataService service =
          new MetadataService(
              java.net.URI.create("http://127.0.0.1:" + other.getAddress().getPort()),
              Duration.ofSeconds(5));
      assertThatThrownBy(() -> service.get(InstanceIdentity.PATH))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("gives no token, it answers 405");
    } finally {
      other.stop(0);
    }
  }

  @Test
  void aDocumentWithoutAnAddressIsRefused() {
    assertThatThrownBy(() -> InstanceIdentity.parse("{\"instanceId\": \"i-1\", \"region\": \"x\"}"))
        .hasMessageContaining("has no privateIp");
    assertThatThrownBy(() -> InstanceIdentity.parse("<html>")).hasMessageContaining("no JSON");
  }

  @Test
  void firmwareTellsWhoseMachineItIs(@TempDir Path root) throws IOException {
    assertThat(Instance.vendor(root)).isEqualTo(Vendor.UNKNOWN);
    assertThat(vendor(root, "Amazon EC2\n")).isEqualTo(Vendor.AMAZON);
    assertThat(vendor(root, "Xen\n")).isEqualTo(Vendor.UNKNOWN);
    assertThat(vendor(root, "\n")).isEqualTo(Vendor.UNKNOWN);
    Files.createDirectories(root.resolve("sys/hypervisor"));
    Files.writeString(root.resolve("sys/hypervisor/uuid"), "ec2e1916-9099-7caf-fd21-012345abcdef");
    assertThat(vendor(root, "Xen\n")).as("one of EC2's").isEqualTo(Vendor.AMAZON);
    assertThat(vendor(root, "QEMU\n")).isEqualTo(Vendor.ANOTHER);
    assertThat(vendor(root, "Dell Inc.\n")).isEqualTo(Vendor.ANOTHER);
  }

  @Test
  void anotherMakersMachineIsNotAsked() throws Exception {
    assertThat(Instance.find(Map.of(), Vendor.ANOTHER, said::add, Duration.ZERO)).isEmpty();
  }

  private static Vendor vendor(Path root, String text) throws IOException {
    Path directory = Files.createDirectories(root.resolve("sys/class/dmi/id"));
    Files.writeString(directory.resolve("sys_vendor"), text);
    return Instance.vendor(root);
  }

  private Instance find(Map<String, String> environment) throws Instance.UnansweredException {
    return Instance.find(environment, Vendor.UNKNOWN, said::add, Duration.ZERO).orElseThrow();
  }
}
