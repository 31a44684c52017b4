package io.sparkappliance.auth;

import io.sparkappliance.settings.SettingsReader;
import java.net.ProxySelector;
import java.nio.file.Files;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/** A provider as the gateway's variables name it. */
final class ProviderFixture {
  private ProviderFixture() {}

  static IdentityProvider of(InstantSource clock, String... variables) {
    Map<String, String> environment = new HashMap<>();
    for (String variable : variables) {
      String[] parts = variable.split("=", 2);
      environment.put(parts[0], parts[1]);
    }
    return IdentityProvider.of(
            SettingsReader.readForClient(environment, Files::readString).settings().identity(),
            new ProviderCalls(ProxySelector.of(null)),
            clock)
        .orElseThrow();
  }
}
