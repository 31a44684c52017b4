package io.sparkappliance.auth;

import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Sign-in for programs without a browser: a person confirms a code in any browser, by the device
 * authorization grant (RFC 8628).
 */
public final class DeviceSignIn {
  private static final String ENDPOINT = "device_authorization_endpoint";
  private static final String GRANT = "urn:ietf:params:oauth:grant-type:device_code";

  /** What {@code slow_down} adds: RFC 8628, section 3.5. */
  private static final Duration SLOWER = Duration.ofSeconds(5);

  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private final OAuthClient client;
  private final OidcProvider provider;
  private final InstantSource clock;

  /** Waits between two questions. */
  @FunctionalInterface
  public interface Pause {
    /**
     * Returns after a time.
     *
     * @return false when nothing more is to be asked
     */
    boolean pause(Duration time);
  }

  /** What a token endpoint answered that leaves something to do. */
  private sealed interface Polled {
    /** The end. */
    record Token(Secret token) implements Polled {}

    /** Nobody has confirmed the code yet. */
    record Pending() implements Polled {}

    /** The same, but it was asked too often. */
    record SlowDown() implements Polled {}

    /** Nobody knows; perhaps the next time. */
    record Trouble(String why) implements Polled {}
  }

  private DeviceSignIn(OAuthClient client, OidcProvider provider, InstantSource clock) {
    this.client = client;
    this.provider = provider;
    this.clock = clock;
  }

  /**
   * At the issuer that is named; asks it nothing yet.
   *
   * @param identity who tells who calls
   * @param calls how it is asked
   * @param clock the time
   * @return empty where no issuer of OpenID Connect is named, or no client
   */
  public static Optional<DeviceSignIn> of(
      Settings.Identity identity, ProviderCalls calls, InstantSource clock) {
    return identity
        .provider()
        .filter(Settings.Oidc.class::isInstance)
        .map(Settings.Oidc.class::cast)
        .flatMap(
            oidc ->
                identity
                    .signIn()
                    .map(
                        client ->
                            new DeviceSignIn(
                                new OAuthClient(client, identity.scopes(), calls),
                                new OidcProvider(oidc.issuer(), calls, clock),
                                clock)));
  }

  /**
   * Asks for a code.
   *
   * @throws ProviderException when there is none, with what to do about it
   */
  public DeviceCode begin() throws ProviderException {
    URI address = provider.addressIfNamed(ENDPOINT).orElseThrow(DeviceSignIn::notOffered);
    // Before anybody is sent anywhere.
    tokenEndpoint();
    Map<String, String> form = new LinkedHashMap<>();
    client.scope().ifPresent(scope -> form.put("scope", scope));
    // RFC 8628 does not speak of it; providers that know it may insist on it.
    Optional<Secret> verifier =
        provider.supports("code_challenge_methods_supported", Pkce.METHOD)
            ? Optional.of(new Secret(Tokens.generate() + Tokens.generate()))
            : Optional.empty();
    verifier.ifPresent(it -> form.putAll(Pkce.challenge(it.reveal())));
    ProviderCalls.Answer answer = client.post(address, form);
    if (answer.status() != 200) {
      throw refused(answer);
    }
    return DeviceCode.of(answer.object(), clock.instant(), verifier);
  }

  /**
   * Asks for the token until somebody has confirmed the code.
   *
   * @param code from {@link #begin}
   * @param pause waits between two questions
   * @return what opens the gateway
   * @throws ProviderException when there will be none
   */
  public Secret await(DeviceCode code, Pause pause) throws ProviderException {
    URI address = tokenEndpoint();
    Duration interval = code.interval();
    Duration wait = interval;
    String trouble = "";
    while (pause.pause(shorter(wait, Duration.between(clock.instant(), code.until())))) {
      if (!clock.instant().isBefore(code.until())) {
        throw expired(code, trouble);
      }
      switch (poll(address, code)) {
        case Polled.Token(Secret token) -> {
          return token;
        }
        case Polled.Pending _ -> {
          wait = interval;
          trouble = "";
        }
        case Polled.SlowDown _ -> {
          interval = interval.plus(SLOWER);
          wait = interval;
          trouble = "";
        }
        case Polled.Trouble(String why) -> {
          // RFC 8628, section 3.5: exponential back-off.
          wait = longer(interval, shorter(wait.multipliedBy(2), LONGEST_PAUSE));
          trouble = "; at last " + why;
        }
      }
    }
    throw new ProviderException("the sign-in was broken off");
  }

  private URI tokenEndpoint() throws ProviderException {
    return client.settings().token().isPresent()
        ? client.settings().token().get()
        : provider.address("token_endpoint");
  }

  private Polled poll(URI address, DeviceCode code) throws ProviderException {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("grant_type", GRANT);
    form.put("device_code", code.secret().reveal());
    code.verifier().ifPresent(it -> form.put("code_verifier", it.reveal()));
    ProviderCalls.Answer answer;
    try {
      answer = client.post(address, form);
    } catch (ProviderException unreachable) {
      return new Polled.Trouble(unreachable.getMessage());
    }
    if (answer.status() == 200) {
      return new Polled.Token(token(answer.object()));
    }
    if (answer.status() == 429) {
      return new Polled.SlowDown();
    }
    if (answer.status() >= 500) {
      return new Polled.Trouble("the token endpoint answered " + answer.status());
    }
    return switch (field(answer, "error").orElse("")) {
      case "authorization_pending" -> new Polled.Pending();
      case "slow_down" -> new Polled.SlowDown();
      case "access_denied" ->
          throw new ProviderException(
              "the sign-in was denied at the provider"
                  + field(answer, "error_description").map(it -> ": " + it).orElse(""));
      case "expired_token" -> throw expired(code, "");
      default -> throw refused(answer);
    };
  }

  private static Secret token(Map<String, Object> answer) throws ProviderException {
    // RFC 6750, section 2.1, with a bound: what else is in it would break headers or terminals.
    if (!(answer.get("access_token") instanceof String token)
        || !token.matches("[A-Za-z0-9._~+/-]+=*")) {
      throw new ProviderException("the token endpoint gave no access token that can be used");
    }
    if (!"bearer".equalsIgnoreCase(String.valueOf(answer.getOrDefault("token_type", "bearer")))) {
      throw new ProviderException(
          "the provider gives tokens of another type than Bearer, which the gateway does not take");
    }
    return new Secret(token);
  }

  private static ProviderException notOffered() {
    return new ProviderException(
        "the provider offers no sign-in by a device code: its discovery names no "
            + ENDPOINT
            + ". Switch the OAuth 2.0 Device Authorization Grant (RFC 8628) on there");
  }

  private static ProviderException expired(DeviceCode code, String trouble) {
    return new ProviderException(
        "nobody confirmed the code "
            + code.userCode()
            + " within "
            + minutes(code.lifetime())
            + trouble
            + ". Run the command again for a new one");
  }

  private static String minutes(Duration time) {
    return time.toSeconds() % 60 == 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
  }

  private ProviderException refused(ProviderCalls.Answer answer) {
    String id = client.settings().clientId();
    Optional<String> error = field(answer, "error");
    String said =
        error.map(it -> " (" + it).orElse(" (status " + answer.status())
            + field(answer, "error_description").map(it -> ": " + it).orElse("")
            + ")";
    String what =
        switch (error.orElse("")) {
          case "unauthorized_client", "unsupported_grant_type" ->
              "the client "
                  + id
                  + " may not sign people in by a device code"
                  + said
                  + ". Switch it on for this client at the provider; in Keycloak: Clients, "
                  + id
                  + ", Capability config, OAuth 2.0 Device Authorization Grant";
          case "invalid_client" ->
              "the provider does not know the client "
                  + id
                  + ", or it wants another secret"
                  + said
                  + ". Look at OAUTH2_CLIENT_ID and OAUTH2_CLIENT_SECRET";
          case "invalid_scope" ->
              "the provider does not give the scopes "
                  + client.scope().orElse("")
                  + said
                  + ". Look at SIGN_IN_SCOPES and OAUTH2_SCOPE";
          default -> "the provider refuses the sign-in" + said;
        };
    return new ProviderException(what);
  }

  private static Optional<String> field(ProviderCalls.Answer answer, String name) {
    try {
      return answer.object().get(name) instanceof String text && !text.isEmpty()
          ? Optional.of(ProviderText.printable(text))
          : Optional.empty();
    } catch (ProviderException noJson) {
      return Optional.empty();
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}
