package io.sparkappliance.auth;

import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.UserRole;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** From what a provider says of a token to who that is here. */
final class Claims {
  private final Settings.Identity identity;

  Claims(Settings.Identity identity) {
    this.identity = identity;
  }

  /**
   * Who it is, and whether they may do anything.
   *
   * @param claims of a token that is valid as such
   * @param until when it ends, where that is known
   */
  Verdict verdict(Map<String, Object> claims, Optional<Instant> until) {
    Set<String> scopes = scopes(claims);
    List<String> missing =
        identity.scopes().stream().filter(scope -> !scopes.contains(scope)).toList();
    return name(claims)
        .filter(any -> !missing.isEmpty())
        .<Verdict>map(name -> new Verdict.LacksScope(name, missing))
        .orElseGet(() -> person(claims, until));
  }

  /** The same, whatever the scopes: those of a sign-in are not in what it tells of a person. */
  Verdict person(Map<String, Object> claims, Optional<Instant> until) {
    Optional<String> name = name(claims);
    if (name.isEmpty()) {
      return new Verdict.Invalid("it has no usable name in the claim " + identity.userClaim());
    }
    return role(claims)
        .<Verdict>map(role -> new Verdict.Valid(new Principal(name.get(), role), until))
        .orElseGet(() -> new Verdict.HasNoRole(name.get()));
  }

  private Optional<String> name(Map<String, Object> claims) {
    return Optional.ofNullable(claims.get(identity.userClaim()))
        .filter(name -> name instanceof String || name instanceof Number)
        .map(Object::toString)
        .filter(Principal::isName);
  }

  private Optional<UserRole> role(Map<String, Object> claims) {
    Settings.Roles roles = identity.roles();
    Set<String> has =
        roles.claim().map(claim -> texts(find(claims, claim), false)).orElse(Set.of());
    if (meet(has, roles.admin())) {
      return Optional.of(UserRole.ADMIN);
    }
    if (meet(has, roles.user())) {
      return Optional.of(UserRole.USER);
    }
    return meet(has, roles.reader()) ? Optional.of(UserRole.READER) : roles.otherwise();
  }

  private static boolean meet(Set<String> some, Set<String> others) {
    return some.stream().anyMatch(others::contains);
  }

  /** A claim of this very name, as URLs are, or the one that its dots lead to. */
  private static Object find(Map<?, ?> claims, String path) {
    if (claims.containsKey(path)) {
      return claims.get(path);
    }
    int dot = path.indexOf('.');
    return dot > 0 && claims.get(path.substring(0, dot)) instanceof Map<?, ?> inner
        ? find(inner, path.substring(dot + 1))
        : null;
  }

  /**
   * {@code scope} as a text (RFC 7662, RFC 9068) or a list (tokeninfo); some call it {@code scp}.
   */
  static Set<String> scopes(Map<String, Object> claims) {
    Set<String> scopes = new LinkedHashSet<>(texts(claims.get("scope"), true));
    scopes.addAll(texts(claims.get("scp"), true));
    return scopes;
  }

  /** Whether a token is meant for one of these. */
  static boolean isFor(Map<String, Object> claims, Set<String> audiences) {
    return meet(texts(claims.get("aud"), false), audiences);
  }

  /** The moment that a claim names by seconds; empty: it names none. */
  static Optional<Instant> moment(Map<String, Object> claims, String claim) {
    return claims.get(claim) instanceof Number seconds
        ? Optional.of(Instant.ofEpochSecond(seconds.longValue()))
        : Optional.empty();
  }

  private static Set<String> texts(Object value, boolean separatedBySpaces) {
    return switch (value) {
      case String text when separatedBySpaces -> Set.of(distinct(text.strip().split(" +", -1)));
      case String text -> Set.of(text);
      case Collection<?> list -> {
        Set<String> texts = new LinkedHashSet<>();
        list.stream().filter(String.class::isInstance).forEach(text -> texts.add((String) text));
        yield texts;
      }
      case null, default -> Set.of();
    };
  }

  private static String[] distinct(String[] texts) {
    return new LinkedHashSet<>(List.of(texts)).toArray(String[]::new);
  }
}
