package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.Settings;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses a job may name, and which of them may be called. */
class WebhookAddressTest {
  private static final Settings.Webhooks SETTINGS =
      WebhookFixture.settings(
          "hooks.example.org,*.chat.example.org,build.example.org:8443,10.0.0.7,[2001:db8::1]:99,127.0.0.1",
          Map.of("WEBHOOK_PRIVATE_NETWORKS", "127.0.0.0/8"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://hooks.example.org",
        "HTTPS://Hooks.Example.ORG/a/b?c=d",
        "http://hooks.example.org/",
        "https://hooks.example.org:443/x",
        "https://a.chat.example.org/",
        "https://a.b.chat.example.org/",
        "https://build.example.org:8443/",
        "http://127.0.0.1/"
      })
  void what_the_operator_names_may_be_told(String address) {
    assertThat(WebhookAddress.parse(address, SETTINGS).getHost()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example.org/",
        "https://hooks.example.org.evil.org/",
        "https://xhooks.example.org/",
        "https://chat.example.org/",
        "https://hooks.example.org:8080/",
        "https://build.example.org/",
        "https://hooks.example.org./",
        "http://2130706433/",
        "http://[::ffff:10.0.0.7]/"
      })
  void other_hosts_and_ports_may_not(String address) {
    assertThatThrownBy(() -> WebhookAddress.parse(address, SETTINGS))
        .isInstanceOfSatisfying(
            InvalidRequestException.class, it -> assertThat(it.field()).isEqualTo("webhook"))
        .hasMessageContaining("WEBHOOK_HOSTS");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hooks.example.org",
        "/path",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "https:hooks.example.org",
        "https://user:password@hooks.example.org/",
        "https://hooks.example.org/#part",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX: y",
        "https://hooks_x.example.org/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:99999/"
      })
  void what_is_no_address_is_refused_without_being_repeated(String address) {
    assertThatThrownBy(() -> WebhookAddress.parse(address, SETTINGS))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageStartingWith("must be an https: or http: URL");
  }

  @Test
  void an_address_that_is_too_long_is_refused() {
    String address = "https://hooks.example.org/" + "x".repeat(2000);
    assertThatThrownBy(() -> WebhookAddress.parse(address, SETTINGS))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void an_address_in_numbers_that_is_not_public_is_refused_at_once() {
    for (String address : List.of("http://10.0.0.7/", "https://[2001:db8::1]:99/")) {
      assertThatThrownBy(() -> WebhookAddress.parse(address, SETTINGS))
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageContaining("WEBHOOK_PRIVATE_NETWORKS");
    }
  }

  @Test
  void letters_outside_ascii_are_encoded() {
    assertThat(WebhookAddress.parse("https://hooks.example.org/é", SETTINGS).toString())
        .isEqualTo("https://hooks.example.org/%C3%A9");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "172.31.255.255",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::7f00:1",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16"
      })
  void addresses_that_are_not_public_may_not_be_called(String address) {
    assertThat(new CallableAddresses(List.of()).refusal(InetAddress.ofLiteral(address)))
        .isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "64:ff9b::8.8.8.8"})
  void public_ones_may(String address) {
    assertThat(new CallableAddresses(List.of()).refusal(InetAddress.ofLiteral(address))).isEmpty();
  }

  @Test
  void the_operator_can_allow_networks_but_no_metadata_service() {
    Settings.Webhooks all =
        WebhookFixture.settings(
            "a", Map.of("WEBHOOK_PRIVATE_NETWORKS", "10.0.0.0/8,169.254.0.0/16,fd00::/8"));
    CallableAddresses callable = new CallableAddresses(all.privateNetworks());
    assertThat(callable.refusal(InetAddress.ofLiteral("10.1.2.3"))).isEmpty();
    assertThat(callable.refusal(InetAddress.ofLiteral("169.254.1.1"))).isEmpty();
    assertThat(callable.refusal(InetAddress.ofLiteral("192.168.1.1"))).isPresent();
    for (String metadata : List.of("169.254.169.254", "169.254.170.2", "fd00:ec2::254")) {
      assertThat(callable.refusal(InetAddress.ofLiteral(metadata))).isPresent();
    }
  }
}
