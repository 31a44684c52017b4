package io.sparkappliance;

import io.sparkappliance.auth.DeviceCode;
import io.sparkappliance.auth.DeviceSignIn;
import io.sparkappliance.auth.ProviderCalls;
import io.sparkappliance.auth.ProviderException;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.EnvironmentProxies;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Settings;
import java.io.PrintStream;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The command {@code token}: standard output gets the token and nothing else, so that a shell can
 * take it; people are spoken to on standard error.
 */
final class SignInByDevice {
  private final PrintStream out;
  private final PrintStream err;
  private final InstantSource clock;
  private final DeviceSignIn.Pause pause;

  SignInByDevice(World world, InstantSource clock, DeviceSignIn.Pause pause) {
    this.out = world.out();
    this.err = world.err();
    this.clock = clock;
    this.pause = pause;
  }

  /**
   * No token is checked here, so that no audience is needed: without this, its lack would be told,
   * and not that of the client.
   *
   * @param environment names and values
   * @return the same, with an audience where an issuer is named
   */
  static Map<String, String> withAudience(Map<String, String> environment) {
    Map<String, String> more = new HashMap<>(environment);
    boolean lacking =
        Stream.of("OAUTH2_AUDIENCE", "OIDC_AUDIENCE")
            .allMatch(name -> environment.getOrDefault(name, "").isBlank());
    if (lacking && !environment.getOrDefault("OIDC_ISSUER", "").isBlank()) {
      more.put("OAUTH2_AUDIENCE", "unused");
    }
    return more;
  }

  /**
   * Lets somebody sign in.
   *
   * @param identity whose tokens count
   * @param environment names the proxies
   * @return exit code: 1 when there is no token
   * @throws ConfigurationException when no issuer is named, or no client
   */
  int run(Settings.Identity identity, Map<String, String> environment) {
    DeviceSignIn signIn =
        DeviceSignIn.of(identity, new ProviderCalls(new EnvironmentProxies(environment)), clock)
            .orElseThrow(() -> incomplete(identity));
    try {
      DeviceCode code = signIn.begin();
      err.println(invitation(code));
      out.println(signIn.await(code, pause).reveal());
      return 0;
    } catch (ProviderException trouble) {
      err.println("No token: " + trouble.getMessage() + ".");
      return 1;
    }
  }

  private static ConfigurationException incomplete(Settings.Identity identity) {
    Problems problems = new Problems();
    if (identity.provider().filter(Settings.Oidc.class::isInstance).isEmpty()) {
      problems.add(
          "OIDC_ISSUER",
          "",
          "must name the issuer at which people sign in, for this command",
          "Set it as the gateway has it, such as https://id.example.org/realms/work.");
    }
    if (identity.signIn().isEmpty()) {
      problems.add(
          "OAUTH2_CLIENT_ID",
          "",
          "must name the client by which people sign in, for this command",
          "Set it to a client of the provider that may use the device authorization grant.");
    }
    return new ConfigurationException(problems.list());
  }

  /** Each address and the code on a line of its own, so that a double click takes it alone. */
  private static String invitation(DeviceCode code) {
    String minutes = Math.max(1, code.lifetime().toMinutes()) + " min";
    return code.whole()
        .map(
            whole ->
                """
                To sign in, open
                  %s
                in any browser, and see that it shows the code
                  %s
                or open
                  %s
                and enter the code there. It counts for %s; Ctrl-C ends this command."""
                    .formatted(whole, code.userCode(), code.address(), minutes))
        .orElseGet(
            () ->
                """
                To sign in, open
                  %s
                in any browser, and enter the code
                  %s
                It counts for %s; Ctrl-C ends this command."""
                    .formatted(code.address(), code.userCode(), minutes));
  }
}
