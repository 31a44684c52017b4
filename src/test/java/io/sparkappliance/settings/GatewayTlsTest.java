package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GatewayTlsTest {
  private static SettingsReader.Result read(String... variables) {
    Map<String, String> environment =
        Stream.of(variables)
            .map(variable -> variable.split("=", 2))
            .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
    return SettingsReader.read(environment, Files::readString);
  }

  private static Optional<GatewayTls> tls(String... variables) {
    return read(variables).settings().gateway().tls();
  }

  @Test
  void without_a_certificate_there_is_none() {
    assertThat(tls("START_WEBAPP=true")).isEmpty();
    assertThat(read("START_WEBAPP=true", "GATEWAY_TLS_PASSWORD=hush-hush").warnings())
        .singleElement()
        .asString()
        .startsWith("GATEWAY_TLS_PASSWORD is not used");
  }

  @Test
  void a_certificate_and_its_key() {
    assertThat(
            tls(
                "START_WEBAPP=true",
                "GATEWAY_TLS_CERTIFICATE_FILE=/tls/tls.crt",
                "GATEWAY_TLS_KEY_FILE=/tls/tls.key"))
        .contains(
            new GatewayTls(
                Path.of("/tls/tls.crt"),
                Optional.of(Path.of("/tls/tls.key")),
                Optional.empty(),
                false));
  }

  @Test
  void a_key_store_and_its_password() {
    assertThat(
            tls(
                "START_WEBAPP=true",
                "GATEWAY_TLS_KEYSTORE_FILE=/tls/gateway.p12",
                "GATEWAY_TLS_PASSWORD=hush-hush",
                "GATEWAY_TLS_HSTS=false"))
        .contains(
            new GatewayTls(
                Path.of("/tls/gateway.p12"),
                Optional.empty(),
                Optional.of(new Secret("hush-hush")),
                false));
  }

  @Test
  void browsers_are_bound_to_tls_only_where_that_is_wanted() {
    String store = "GATEWAY_TLS_KEYSTORE_FILE=/tls/gateway.p12";
    assertThat(tls("START_WEBAPP=true", store).orElseThrow().hsts()).isFalse();
    assertThat(tls("START_WEBAPP=true", "GATEWAY_TLS_HSTS=true", store).orElseThrow().hsts())
        .isTrue();
  }

  @Test
  void one_without_the_other_is_refused() {
    assertThatThrownBy(() -> tls("START_WEBAPP=true", "GATEWAY_TLS_CERTIFICATE_FILE=/tls/tls.crt"))
        .hasMessageContaining("GATEWAY_TLS_CERTIFICATE_FILE=/tls/tls.crt")
        .hasMessageContaining("Set GATEWAY_TLS_KEY_FILE, too.");
    assertThatThrownBy(() -> tls("START_WEBAPP=true", "GATEWAY_TLS_KEY_FILE=/tls/tls.key"))
        .hasMessageContaining("Set GATEWAY_TLS_CERTIFICATE_FILE, too.");
  }

  @Test
  void both_kinds_together_are_refused() {
    assertThatThrownBy(
            () ->
                tls(
                    "START_WEBAPP=true",
                    "GATEWAY_TLS_KEY_FILE=/tls/tls.key",
                    "GATEWAY_TLS_KEYSTORE_FILE=/tls/gateway.p12"))
        .hasMessageStartingWith("1 problem")
        .hasMessageContaining("GATEWAY_TLS_KEY_FILE and GATEWAY_TLS_KEYSTORE_FILE")
        .hasMessageContaining("must not be set together");
  }
}
