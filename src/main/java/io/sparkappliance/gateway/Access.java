package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.sparkappliance.auth.IdentityProvider;
import io.sparkappliance.auth.LocalTokenChecker;
import io.sparkappliance.auth.Principal;
import io.sparkappliance.auth.ProviderCalls;
import io.sparkappliance.auth.SignIn;
import io.sparkappliance.auth.Signer;
import io.sparkappliance.auth.TokenChecker;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.net.ProxySelector;
import java.time.InstantSource;
import java.util.Optional;

/** Who may call, as the settings say: the guard, sign-in and what is written down of it. */
final class Access {
  private final String label;
  private final Guard guard;
  private final AuditLog audit;
  private final Signer signer;
  private final Optional<SignInRoutes> signIn;
  private final boolean webhooks;

  private Access(
      String label,
      Guard guard,
      AuditLog audit,
      Signer signer,
      Optional<SignInRoutes> signIn,
      boolean webhooks) {
    this.label = label;
    this.guard = guard;
    this.audit = audit;
    this.signer = signer;
    this.signIn = signIn;
    this.webhooks = webhooks;
  }

  /**
   * Of a node.
   *
   * @param proxies the way to the identity provider
   * @throws ConfigurationException when its directory of secrets can't be used
   */
  static Access of(
      Settings settings, Credentials credentials, ProxySelector proxies, InstantSource clock) {
    AuditLog audit = new AuditLog(settings.paths().logs(), clock);
    FailureLimit failures = new FailureLimit(clock);
    Signer signer = signer(settings);
    Optional<IdentityProvider> provider =
        IdentityProvider.of(settings.identity(), new ProviderCalls(proxies), clock);
    boolean webhooks = !settings.gateway().webhooks().hosts().patterns().isEmpty();
    if (provider.isEmpty()) {
      boolean asks = settings.access().api() == Settings.AuthMode.TOKEN;
      Optional<TokenChecker> checker =
          asks ? Optional.of(new LocalTokenChecker(credentials.apiToken())) : Optional.empty();
      return new Access(
          asks ? "token" : "none",
          new Guard(checker, Optional.empty(), false, failures),
          audit,
          signer,
          Optional.empty(),
          webhooks);
    }
    Optional<SignIn> browsers = provider.get().signIn();
    Optional<Sessions> sessions = browsers.map(it -> new Sessions(signer, it.lifetime(), clock));
    return new Access(
        provider.get().label(),
        new Guard(Optional.of(provider.get().checker()), sessions, true, failures),
        audit,
        signer,
        browsers.map(it -> new SignInRoutes(it, sessions.orElseThrow(), signer, failures, clock)),
        webhooks);
  }

  private static Signer signer(Settings settings) {
    try {
      return Signer.ofNode(settings.paths().secrets());
    } catch (IOException failure) {
      throw ConfigurationException.unwritable(
          settings.paths().data(), "the key of browsers' sessions", failure);
    }
  }

  Guard guard() {
    return guard;
  }

  /** Signs what browsers keep. */
  Signer signer() {
    return signer;
  }

  AuditLog audit() {
    return audit;
  }

  /** Who it is that asks. */
  void me(Context context) {
    Principal principal = Guard.principal(context).orElseThrow();
    ObjectNode body =
        Answers.object()
            .put("name", principal.name())
            .put("role", Names.of(principal.role()))
            .put("sign_in", label)
            .put("can_sign_out", signIn.isPresent() && context.header("Authorization") == null)
            .put("webhooks", webhooks);
    Answers.json(context, 200, body);
  }

  Handler signIn() {
    return ifThere(SignInRoutes::begin);
  }

  Handler callback() {
    return ifThere(SignInRoutes::end);
  }

  Handler signOut() {
    return ifThere(SignInRoutes::signOut);
  }

  @FunctionalInterface
  private interface Step {
    void handle(SignInRoutes routes, Context context);
  }

  private Handler ifThere(Step step) {
    return context -> {
      if (signIn.isPresent()) {
        step.handle(signIn.get(), context);
      } else {
        Answers.error(context, 404, "Nobody signs in here with a browser: calls carry a token.");
      }
    };
  }
}
