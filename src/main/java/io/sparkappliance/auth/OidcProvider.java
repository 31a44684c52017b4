package io.sparkappliance.auth;

import com.nimbusds.jose.jwk.JWKSet;
import java.net.URI;
import java.text.ParseException;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** What an OpenID provider publishes of itself: addresses, and keys, which change. */
final class OidcProvider {
  private final String issuer;
  private final ProviderCalls calls;
  private final Refreshed<Map<String, Object>> metadata;
  private final Refreshed<JWKSet> keys;

  OidcProvider(String issuer, ProviderCalls calls, InstantSource clock) {
    this.issuer = issuer;
    this.calls = calls;
    this.metadata = new Refreshed<>(this::discover, clock);
    this.keys = new Refreshed<>(this::fetchKeys, clock);
  }

  String issuer() {
    return issuer;
  }

  /**
   * An address that it names.
   *
   * @param name such as {@code token_endpoint}
   */
  URI address(String name) throws ProviderException {
    return addressIfNamed(name)
        .orElseThrow(() -> new ProviderException("discovery names no usable " + name));
  }

  /** The same for one that it may not have; empty: none, or none that can be used. */
  Optional<URI> addressIfNamed(String name) throws ProviderException {
    return Optional.ofNullable(metadata.get().get(name))
        .map(Object::toString)
        .flatMap(OidcProvider::webAddress);
  }

  /**
   * Whether it says that it can do something.
   *
   * @param name of a list, such as {@code code_challenge_methods_supported}
   */
  boolean supports(String name, String value) throws ProviderException {
    return metadata.get().get(name) instanceof Collection<?> values && values.contains(value);
  }

  /** An address of the web, of which nobody knows whether it is one; empty: it is none. */
  static Optional<URI> webAddress(String text) {
    try {
      return Optional.of(URI.create(text))
          .filter(
              uri -> String.valueOf(uri.getScheme()).matches("https?") && uri.getHost() != null);
    } catch (IllegalArgumentException notOne) {
      return Optional.empty();
    }
  }

  JWKSet keys() throws ProviderException {
    return keys.get();
  }

  /** Those that it has now, where the ones that were seen lack one; not asked for too often. */
  JWKSet keysAfter(JWKSet seen) throws ProviderException {
    return keys.newerThan(seen);
  }

  /** OpenID Connect Discovery, section 4: what is found must be the issuer's that was asked for. */
  private Map<String, Object> discover() throws ProviderException {
    Map<String, Object> found =
        fetch(URI.create(issuer.replaceFirst("/$", "") + "/.well-known/openid-configuration"))
            .object();
    if (!issuer.equals(found.get("issuer"))) {
      throw new ProviderException("discovery names another issuer than OIDC_ISSUER");
    }
    return found;
  }

  private JWKSet fetchKeys() throws ProviderException {
    ProviderCalls.Answer answer = fetch(address("jwks_uri"));
    try {
      return JWKSet.parse(answer.body());
    } catch (ParseException noKeys) {
      throw new ProviderException("the provider's keys can't be read", noKeys);
    }
  }

  private ProviderCalls.Answer fetch(URI address) throws ProviderException {
    ProviderCalls.Answer answer = calls.get(address, Map.of());
    if (answer.status() != 200) {
      throw new ProviderException(address.getPath() + " answered " + answer.status());
    }
    return answer;
  }
}
