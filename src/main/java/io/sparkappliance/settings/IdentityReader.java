package io.sparkappliance.settings;

import io.sparkappliance.settings.Settings.AuthMode;
import io.sparkappliance.settings.Settings.Identity;
import io.sparkappliance.settings.Settings.Introspection;
import io.sparkappliance.settings.Settings.Oidc;
import io.sparkappliance.settings.Settings.Roles;
import io.sparkappliance.settings.Settings.SignIn;
import io.sparkappliance.settings.Settings.TokenInfo;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Who tells the gateway who calls, and whether its variables make sense together. */
final class IdentityReader {
  private static final String NO_PROVIDER =
      "means something only where an identity provider is named";
  private static final String NAME_ONE =
      "Set TOKENINFO_URL, OIDC_ISSUER or INTROSPECTION_URL, too, or leave it out.";

  private final Catalogue catalogue;
  private final Values values;
  private final Problems problems;
  private final List<String> warnings;

  /** What the environment says. */
  interface Values {
    /** A variable's value, or its default; empty when there is none, or it is none. */
    <T> Optional<T> get(Variable<T> variable);

    /** Value of a variable that has a default. */
    <T> T require(Variable<T> variable);

    /** Whether somebody set it. */
    boolean isGiven(Variable<?> variable);
  }

  IdentityReader(Catalogue catalogue, Values values, Problems problems, List<String> warnings) {
    this.catalogue = catalogue;
    this.values = values;
    this.problems = problems;
    this.warnings = warnings;
  }

  Identity read() {
    Catalogue c = catalogue;
    List<Variable<?>> named =
        Stream.<Variable<?>>of(c.tokenInfoUrl, c.oidcIssuer, c.introspectionUrl)
            .filter(values::isGiven)
            .toList();
    if (named.size() > 1) {
      problems.add(
          names(named),
          "",
          "must not be set together: one provider tells who has a token",
          "Keep one of them.");
    }
    Optional<Settings.Provider> provider = provider();
    if (named.isEmpty()) {
      refuseWhatNeedsAProvider();
    } else {
      checkApiAuth(named);
      checkRoles();
      warnOfPlainText();
    }
    return new Identity(
        provider,
        scopes(provider),
        audiences(),
        userClaim(provider),
        roles(),
        named.isEmpty() ? Optional.empty() : signIn(provider));
  }

  private static String names(List<Variable<?>> variables) {
    return variables.stream().map(Variable::name).collect(Collectors.joining(" and "));
  }

  private Optional<Settings.Provider> provider() {
    Catalogue c = catalogue;
    Optional<Settings.Provider> tokenInfo =
        values
            .get(c.tokenInfoUrl)
            .map(url -> new TokenInfo(url, values.require(c.tokenInfoTokenIn)));
    Optional<Settings.Provider> oidc =
        values.get(c.oidcIssuer).map(url -> new Oidc(url.toString()));
    return tokenInfo.or(() -> oidc).or(this::introspection);
  }

  private Optional<Settings.Provider> introspection() {
    Catalogue c = catalogue;
    Optional<URI> url = values.get(c.introspectionUrl);
    Optional<String> id = values.get(c.introspectionClientId);
    Optional<Secret> secret = values.get(c.introspectionClientSecret);
    if (url.isPresent() && (id.isEmpty() || secret.isEmpty())) {
      problems.add(
          c.introspectionUrl.name(),
          SettingsReader.withoutLogin(url.get().toString()),
          "needs a login: no such endpoint answers strangers (RFC 7662)",
          "Set "
              + c.introspectionClientId.name()
              + " and "
              + c.introspectionClientSecret.name()
              + " (or "
              + c.introspectionClientSecret.name()
              + "_FILE).");
      return Optional.empty();
    }
    return url.map(it -> new Introspection(it, id.orElseThrow(), secret.orElseThrow()));
  }

  /** Stacks have always set the scope; it concerns only tokens of the kind that has such scopes. */
  private List<String> scopes(Optional<Settings.Provider> provider) {
    boolean counts =
        provider.filter(TokenInfo.class::isInstance).isPresent()
            || values.isGiven(catalogue.oauth2Scope);
    return counts ? values.get(catalogue.oauth2Scope).orElse(List.of()) : List.of();
  }

  private Set<String> audiences() {
    Catalogue c = catalogue;
    Set<String> audiences =
        values
            .get(c.audience)
            .map(Set::copyOf)
            .or(
                () ->
                    values.get(c.clientId).filter(any -> values.isGiven(c.oidcIssuer)).map(Set::of))
            .orElse(Set.of());
    if (audiences.isEmpty() && values.isGiven(c.oidcIssuer)) {
      problems.add(
          c.oidcIssuer.name(),
          values.get(c.oidcIssuer).map(URI::toString).orElse(""),
          "needs the audience of tokens that are meant for this gateway",
          "Set " + c.audience.name() + ", or " + c.clientId.name() + ", which is taken for it.");
    }
    return audiences;
  }

  private String userClaim(Optional<Settings.Provider> provider) {
    return values
        .get(catalogue.userClaim)
        .orElse(provider.filter(TokenInfo.class::isInstance).isPresent() ? "uid" : "sub");
  }

  private Roles roles() {
    Catalogue c = catalogue;
    Optional<String> claim = values.get(c.rolesClaim);
    String without =
        values.get(c.rolesDefault).orElse(claim.isPresent() ? Catalogue.NO_ROLE : "user");
    return new Roles(
        claim,
        Set.copyOf(values.require(c.rolesAdmin)),
        Set.copyOf(values.require(c.rolesUser)),
        Set.copyOf(values.require(c.rolesReader)),
        Stream.of(UserRole.values())
            .filter(role -> role.name().equalsIgnoreCase(without))
            .findFirst());
  }

  private Optional<SignIn> signIn(Optional<Settings.Provider> provider) {
    Catalogue c = catalogue;
    Optional<String> client = values.get(c.clientId);
    Optional<URI> authorisation = values.get(c.authUrl);
    Optional<URI> token = values.get(c.tokenUrl);
    if (client.isEmpty()) {
      Stream.of(c.authUrl, c.tokenUrl)
          .filter(values::isGiven)
          .forEach(
              variable ->
                  warnings.add(
                      variable.name()
                          + " is not used: browsers can sign in only where "
                          + c.clientId.name()
                          + " is set, too."));
      return Optional.empty();
    }
    boolean discovers = provider.filter(Oidc.class::isInstance).isPresent();
    if (!discovers && (authorisation.isEmpty() || token.isEmpty())) {
      problems.add(
          c.clientId.name(),
          client.get(),
          "needs the addresses at which people sign in and codes are exchanged",
          "Set " + c.authUrl.name() + " and " + c.tokenUrl.name() + ", or leave it out.");
    }
    return Optional.of(
        new SignIn(
            client.get(),
            values.get(c.clientSecret),
            authorisation,
            token,
            values.get(c.signInScopes).orElse(discovers ? List.of("openid") : List.of()),
            values.require(c.signInLifetime)));
  }

  private void refuseWhatNeedsAProvider() {
    Catalogue c = catalogue;
    for (Variable<?> variable :
        List.of(
            c.authUrl,
            c.tokenUrl,
            c.clientId,
            c.audience,
            c.introspectionClientId,
            c.userClaim,
            c.rolesClaim,
            c.rolesDefault)) {
      if (values.isGiven(variable)) {
        // Who sets it believes that people are told apart.
        problems.add(
            variable.name(),
            SettingsReader.withoutLogin(values.get(variable).map(Objects::toString).orElse("")),
            NO_PROVIDER,
            NAME_ONE);
      }
    }
  }

  private void checkApiAuth(List<Variable<?>> named) {
    Catalogue c = catalogue;
    if (values.get(c.apiAuth).filter(AuthMode.NONE::equals).isPresent()) {
      problems.add(
          c.apiAuth.name(),
          "none",
          "contradicts " + names(named) + ", with which every call asks for a token",
          "Leave one of them out.");
    }
  }

  private void checkRoles() {
    Catalogue c = catalogue;
    if (values.isGiven(c.rolesClaim)) {
      return;
    }
    for (Variable<List<String>> variable : List.of(c.rolesAdmin, c.rolesUser, c.rolesReader)) {
      if (values.isGiven(variable)) {
        problems.add(
            variable.name(),
            String.join(",", values.get(variable).orElse(List.of())),
            "needs the claim in which such values are",
            "Set " + c.rolesClaim.name() + ", or leave it out.");
      }
    }
  }

  private void warnOfPlainText() {
    Catalogue c = catalogue;
    for (Variable<URI> variable :
        List.of(c.tokenInfoUrl, c.oidcIssuer, c.introspectionUrl, c.authUrl, c.tokenUrl)) {
      values
          .get(variable)
          .filter(url -> url.getScheme().equalsIgnoreCase("http"))
          .ifPresent(
              any ->
                  warnings.add(
                      variable.name()
                          + " is no https: address: whoever is on the way can read tokens and"
                          + " make answers up."));
    }
  }
}
