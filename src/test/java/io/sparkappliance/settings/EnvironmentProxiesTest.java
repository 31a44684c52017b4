package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentProxiesTest {
  @Test
  void withoutVariablesThereIsNoProxy() {
    assertThat(select(Map.of(), "https://host/")).containsExactly(Proxy.NO_PROXY);
  }

  @ParameterizedTest
  @CsvSource({
    "HTTPS_PROXY, http://proxy:3128, https://host/, proxy:3128",
    "https_proxy, proxy:3128/, https://host/, proxy:3128",
    "HTTP_PROXY, http://user:pw@proxy, http://host/, proxy:80"
  })
  void proxyOfTheSchemeIsUsed(String name, String value, String uri, String proxy) {
    String[] parts = proxy.split(":", 2);
    assertThat(select(Map.of(name, value), uri))
        .containsExactly(
            new Proxy(
                Proxy.Type.HTTP,
                InetSocketAddress.createUnresolved(parts[0], Integer.parseInt(parts[1]))));
  }

  @Test
  void proxyOfTheOtherSchemeIsNot() {
    assertThat(select(Map.of("HTTPS_PROXY", "http://proxy:3128"), "http://host/"))
        .containsExactly(Proxy.NO_PROXY);
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, true",
    "127.0.0.1, true",
    "a.internal, true",
    "INTERNAL, true",
    "notinternal, false",
    "example.org, true",
    "sub.example.org, true",
    "127.0.0.2, true",
    "[::1], true",
    "10.1.2.3, true",
    "11.1.2.3, false",
    "[fd00::7], true",
    "other:8080, true",
    "other:8081, false",
    "host, false"
  })
  void exceptionsAreHeeded(String host, boolean direct) {
    List<Proxy> proxies =
        select(
            Map.of(
                "HTTP_PROXY", "http://proxy:3128",
                "NO_PROXY", ".internal,*.example.org, 10.0.0.0/8,fd00::/8,other:8080,"),
            "http://" + host + "/");
    assertThat(proxies.equals(List.of(Proxy.NO_PROXY))).isEqualTo(direct);
  }

  @Test
  void starMeansNoProxyAtAll() {
    assertThat(select(Map.of("HTTP_PROXY", "http://proxy:3128", "no_proxy", "*"), "http://host/"))
        .containsExactly(Proxy.NO_PROXY);
  }

  private static List<Proxy> select(Map<String, String> environment, String uri) {
    return new EnvironmentProxies(environment).select(URI.create(uri));
  }
}
