package io.sparkappliance.auth;

import io.sparkappliance.settings.Settings;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Sign-in with a browser: the authorisation code flow with PKCE (RFC 6749, RFC 7636), with OpenID
 * Connect also the nonce.
 */
public final class SignIn {
  private final Settings.SignIn client;
  private final Set<String> needed;
  private final Addresses addresses;
  private final TokenChecker checker;
  private final Optional<IdTokens> idTokens;
  private final OAuthClient oauth;

  /** Where a provider's endpoints are. */
  private interface Addresses {
    URI authorisation() throws ProviderException;

    URI token() throws ProviderException;
  }

  /** ID tokens, and what they tell of a person. */
  private record IdTokens(SignedTokens tokens, Claims claims) {}

  /**
   * What belongs to one attempt to sign in, and to nobody else.
   *
   * @param state comes back with the code
   * @param nonce comes back in the ID token
   * @param verifier proves that code and exchange have one origin; 43 to 128 characters
   */
  public record Attempt(String state, String nonce, String verifier) {}

  private SignIn(
      Settings.SignIn client,
      Set<String> needed,
      Addresses addresses,
      TokenChecker checker,
      Optional<IdTokens> idTokens,
      ProviderCalls calls) {
    this.client = client;
    this.needed = needed;
    this.addresses = addresses;
    this.checker = checker;
    this.idTokens = idTokens;
    this.oauth = new OAuthClient(client, List.copyOf(needed), calls);
  }

  static SignIn withOidc(
      Settings.SignIn client,
      Settings.Identity identity,
      OidcProvider issuer,
      TokenChecker checker,
      Claims claims,
      ProviderCalls calls,
      InstantSource clock) {
    Addresses addresses =
        new Addresses() {
          @Override
          public URI authorisation() throws ProviderException {
            return client.authorisation().isPresent()
                ? client.authorisation().get()
                : issuer.address("authorization_endpoint");
          }

          @Override
          public URI token() throws ProviderException {
            return client.token().isPresent()
                ? client.token().get()
                : issuer.address("token_endpoint");
          }
        };
    SignedTokens forTheClient = new SignedTokens(issuer, Set.of(client.clientId()), clock);
    return new SignIn(
        client,
        new LinkedHashSet<>(identity.scopes()),
        addresses,
        checker,
        Optional.of(new IdTokens(forTheClient, claims)),
        calls);
  }

  static SignIn withOAuth(
      Settings.SignIn client,
      Settings.Identity identity,
      TokenChecker checker,
      ProviderCalls calls) {
    Addresses addresses =
        new Addresses() {
          @Override
          public URI authorisation() {
            return client.authorisation().orElseThrow();
          }

          @Override
          public URI token() {
            return client.token().orElseThrow();
          }
        };
    return new SignIn(
        client,
        new LinkedHashSet<>(identity.scopes()),
        addresses,
        checker,
        Optional.empty(),
        calls);
  }

  /** How long a browser stays signed in. */
  public Duration lifetime() {
    return client.lifetime();
  }

  /**
   * Where a browser is sent.
   *
   * @param attempt of this browser
   * @param comeBack where the provider sends it then
   * @throws ProviderException when discovery fails
   */
  public URI begin(Attempt attempt, URI comeBack) throws ProviderException {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("response_type", "code");
    parameters.put("client_id", client.clientId());
    parameters.put("redirect_uri", comeBack.toString());
    oauth.scope().ifPresent(scope -> parameters.put("scope", scope));
    parameters.put("state", attempt.state());
    if (idTokens.isPresent()) {
      parameters.put("nonce", attempt.nonce());
    }
    parameters.putAll(Pkce.challenge(attempt.verifier()));
    return ProviderCalls.with(addresses.authorisation(), parameters);
  }

  /**
   * Whose browser came back.
   *
   * @param code that it brought
   * @param attempt the one it was sent with
   * @param comeBack the same as then
   */
  public Verdict end(String code, Attempt attempt, URI comeBack) {
    try {
      ProviderCalls.Answer answer = exchange(code, attempt, comeBack);
      if (answer.status() == 400) {
        return new Verdict.Invalid("the provider does not take the code");
      }
      if (answer.status() != 200) {
        return new Verdict.Unknown("the token endpoint answered " + answer.status());
      }
      return verdict(answer.object(), attempt);
    } catch (SignedTokens.BadTokenException bad) {
      return new Verdict.Invalid("ID token: " + bad.getMessage());
    } catch (ProviderException trouble) {
      return new Verdict.Unknown(trouble.getMessage());
    }
  }

  private ProviderCalls.Answer exchange(String code, Attempt attempt, URI comeBack)
      throws ProviderException {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("grant_type", "authorization_code");
    form.put("code", code);
    form.put("redirect_uri", comeBack.toString());
    form.put("code_verifier", attempt.verifier());
    return oauth.post(addresses.token(), form);
  }

  private Verdict verdict(Map<String, Object> tokens, Attempt attempt)
      throws SignedTokens.BadTokenException, ProviderException {
    if (!(tokens.get("access_token") instanceof String access)) {
      throw new ProviderException("the token endpoint gave no access token");
    }
    if (idTokens.isEmpty()) {
      return checker.check(access);
    }
    if (!(tokens.get("id_token") instanceof String id)) {
      throw new ProviderException("the token endpoint gave no ID token");
    }
    Map<String, Object> claims = idTokens.get().tokens().claims(id);
    boolean ours =
        attempt.nonce().equals(claims.get("nonce"))
            // OpenID Connect Core, section 3.1.3.7.
            && client.clientId().equals(claims.getOrDefault("azp", client.clientId()));
    if (!ours) {
      return new Verdict.Invalid("the ID token belongs to another sign-in");
    }
    Verdict byId = idTokens.get().claims().person(claims, Optional.empty());
    return decide(checker.check(access), byId, tokens);
  }

  /**
   * The access token counts, as it does with any call. Where it is none for this gateway, or knows
   * no role, the ID token says who it is: both are the same person's.
   */
  private Verdict decide(Verdict byAccess, Verdict byId, Map<String, Object> answer) {
    boolean other =
        byAccess instanceof Verdict.Valid access
            && byId instanceof Verdict.Valid id
            && !access.principal().name().equals(id.principal().name());
    if (other) {
      return new Verdict.Invalid("the two tokens name different people");
    }
    boolean tellsNothing =
        byAccess instanceof Verdict.Invalid || byAccess instanceof Verdict.HasNoRole;
    return tellsNothing ? withScopes(byId, answer) : byAccess;
  }

  /** Scopes that an answer leaves out are those that were asked for: RFC 6749, section 5.1. */
  private Verdict withScopes(Verdict person, Map<String, Object> answer) {
    Set<String> granted = answer.containsKey("scope") ? Claims.scopes(answer) : needed;
    List<String> missing = needed.stream().filter(scope -> !granted.contains(scope)).toList();
    return person instanceof Verdict.Valid valid && !missing.isEmpty()
        ? new Verdict.LacksScope(valid.principal().name(), missing)
        : person;
  }
}
