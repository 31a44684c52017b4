package io.sparkappliance.auth;

import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The client as which the appliance is known at a provider.
 *
 * @param settings its id, and its secret if it has one
 * @param needed scopes that a token must carry
 * @param calls how the provider is asked
 */
record OAuthClient(Settings.SignIn settings, List<String> needed, ProviderCalls calls) {
  /** Asks with the client's login, or with its id where it has no secret: RFC 6749, section 2.3. */
  ProviderCalls.Answer post(URI address, Map<String, String> parameters) throws ProviderException {
    Map<String, String> form = new LinkedHashMap<>(parameters);
    Optional<Secret> secret = settings.clientSecret();
    if (secret.isEmpty()) {
      form.put("client_id", settings.clientId());
    }
    Map<String, String> headers =
        secret
            .map(it -> Map.of("Authorization", ProviderCalls.basic(settings.clientId(), it)))
            .orElse(Map.of());
    return calls.post(address, headers, form);
  }

  /** The scopes to ask for, separated by spaces; empty: none. */
  Optional<String> scope() {
    Set<String> scopes = new LinkedHashSet<>(settings.scopes());
    scopes.addAll(needed);
    return Optional.of(String.join(" ", scopes)).filter(text -> !text.isEmpty());
  }
}
