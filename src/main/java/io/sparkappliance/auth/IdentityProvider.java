package io.sparkappliance.auth;

import io.sparkappliance.settings.Settings;
import java.time.InstantSource;
import java.util.Optional;

/** The provider that the settings name: checks tokens and lets people sign in. */
public final class IdentityProvider {
  private final String label;
  private final TokenChecker checker;
  private final Optional<SignIn> signIn;

  private IdentityProvider(String label, TokenChecker checker, Optional<SignIn> signIn) {
    this.label = label;
    this.checker = checker;
    this.signIn = signIn;
  }

  /**
   * The one that is named; asks it nothing yet.
   *
   * @param identity who tells who calls
   * @param calls how it is asked
   * @param clock the time
   * @return empty where none is named
   */
  public static Optional<IdentityProvider> of(
      Settings.Identity identity, ProviderCalls calls, InstantSource clock) {
    return identity.provider().map(provider -> of(provider, identity, calls, clock));
  }

  private static IdentityProvider of(
      Settings.Provider provider,
      Settings.Identity identity,
      ProviderCalls calls,
      InstantSource clock) {
    Claims claims = new Claims(identity);
    return switch (provider) {
      case Settings.TokenInfo tokenInfo ->
          opaque(
              "tokeninfo",
              new TokenInfoChecker(tokenInfo, claims, calls, clock),
              identity,
              calls,
              clock);
      case Settings.Introspection introspection ->
          opaque(
              "introspection",
              new IntrospectionChecker(introspection, identity.audiences(), claims, calls, clock),
              identity,
              calls,
              clock);
      case Settings.Oidc oidc -> {
        OidcProvider issuer = new OidcProvider(oidc.issuer(), calls, clock);
        TokenChecker checker =
            new WellFormedTokens(
                new OidcChecker(new SignedTokens(issuer, identity.audiences(), clock), claims));
        yield new IdentityProvider(
            "oidc",
            checker,
            identity
                .signIn()
                .map(
                    client ->
                        SignIn.withOidc(client, identity, issuer, checker, claims, calls, clock)));
      }
    };
  }

  private static IdentityProvider opaque(
      String label,
      TokenChecker checker,
      Settings.Identity identity,
      ProviderCalls calls,
      InstantSource clock) {
    TokenChecker cached = new WellFormedTokens(new RememberedTokens(checker, clock));
    return new IdentityProvider(
        label,
        cached,
        identity.signIn().map(client -> SignIn.withOAuth(client, identity, cached, calls)));
  }

  /** What it is called in the API: {@code tokeninfo}, {@code oidc} or {@code introspection}. */
  public String label() {
    return label;
  }

  /** Checks bearer tokens. */
  public TokenChecker checker() {
    return checker;
  }

  /** Sign-in with a browser; empty where no client for it is named. */
  public Optional<SignIn> signIn() {
    return signIn;
  }
}
