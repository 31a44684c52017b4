package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.testing.FakeProvider;
import io.sparkappliance.testing.FakeSpark;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An identity provider that this machine can reach through a proxy alone. */
class ProviderByProxyTest {
  @TempDir Path directory;

  private int ask(Map<String, String> variables) throws Exception {
    try (GatewayFixture gateway =
        new GatewayFixture(
            directory.resolve("data"),
            FakeSpark.create(directory.resolve("spark")),
            new GatewayFixture.Cluster(),
            variables)) {
      return gateway
          .send(gateway.open("/api/v1/me").header("Authorization", "Bearer of-ann"))
          .statusCode();
    }
  }

  @Test
  void it_is_asked_through_the_proxy_unless_it_is_excepted() throws Exception {
    try (FakeProvider proxy = new FakeProvider()) {
      proxy.answer("/tokeninfo", 200, "{\"uid\": \"ann\", \"scope\": [\"uid\"]}");
      String tokenInfo = "http://id.invalid/tokeninfo";
      String address = "http://127.0.0.1:" + URI.create(proxy.url("/")).getPort();
      assertThat(ask(Map.of("TOKENINFO_URL", tokenInfo, "HTTP_PROXY", address))).isEqualTo(200);
      assertThat(proxy.requests()).hasSize(1);
      assertThat(
              ask(
                  Map.of(
                      "TOKENINFO_URL", tokenInfo, "HTTP_PROXY", address, "NO_PROXY", "id.invalid")))
          .as("nobody knows that host")
          .isEqualTo(503);
      assertThat(proxy.requests()).hasSize(1);
    }
  }

  @Test
  void a_proxy_that_can_not_be_one_is_no_way() throws Exception {
    assertThat(
            ask(Map.of("TOKENINFO_URL", "http://id.invalid/tokeninfo", "HTTP_PROXY", "http://[")))
        .isEqualTo(503);
  }
}
