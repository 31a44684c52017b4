package io.sparkappliance.jobs;

import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;

/** Settings of webhooks as an operator gives them. */
final class WebhookFixture {
  static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

  private WebhookFixture() {}

  /** Some hosts. */
  static Settings.Webhooks settings(String hosts, Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("START_WEBAPP", "true");
    environment.put("WEBHOOK_HOSTS", hosts);
    return SettingsReader.read(environment, Files::readString).settings().gateway().webhooks();
  }

  /** Some hosts, which may be on this machine. */
  static Settings.Webhooks loopback(String hosts) {
    return settings(
        hosts, Map.of("WEBHOOK_PRIVATE_NETWORKS", "127.0.0.0/8", "WEBHOOK_SECRET", SECRET));
  }
}
