package io.sparkappliance.gateway;

import io.sparkappliance.auth.CredentialStore;
import io.sparkappliance.cluster.OwnAddress;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import java.nio.file.Files;

/** The gateway as a process of its own, for tests that kill it. */
final class GatewayProcess {
  private GatewayProcess() {}

  /** Reads its environment, as the product does. */
  public static void main(String[] arguments) {
    Settings settings = SettingsReader.read(System.getenv(), Files::readString).settings();
    CredentialStore.Loaded credentials =
        new CredentialStore(settings.paths().secrets()).load(settings);
    String own = settings.network().advertisedHost().orElseGet(OwnAddress::find);
    System.exit(GatewayMain.run(settings, own, credentials.credentials(), System.getenv()));
  }
}
