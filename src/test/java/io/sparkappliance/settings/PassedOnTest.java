package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PassedOnTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "API_TOKEN",
        "SPARK_RPC_AUTHENTICATION_SECRET",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "DATABASE_PASSWORD",
        "START_MASTER"
      })
  void what_nobody_has_to_know_stays_here(String name) {
    assertThat(PassedOn.of(Map.of(name, "value"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PATH",
        "AWS_REGION",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "SSL_CERT_FILE"
      })
  void what_leads_to_the_roles_credentials_is_passed_on(String name) {
    assertThat(PassedOn.of(Map.of(name, "value"))).containsEntry(name, "value");
  }

  @Test
  void a_proxy_is_passed_on_unless_its_address_has_a_login() {
    assertThat(PassedOn.of(Map.of("https_proxy", "http://proxy:3128")))
        .containsEntry("https_proxy", "http://proxy:3128");
    assertThat(PassedOn.of(Map.of("https_proxy", "http://me:secret@proxy:3128"))).isEmpty();
  }
}
