package io.sparkappliance.gateway;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A call that is not let through, with what the answer says. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final transient Map<String, String> headers = new LinkedHashMap<>();
  private transient Optional<String> name = Optional.empty();
  private transient Optional<String> signIn = Optional.empty();

  RefusedException(int status, String sentence) {
    super(sentence, null, false, false);
    this.status = status;
  }

  RefusedException with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  /** Whoever is refused, where that is known. */
  RefusedException by(String principal) {
    name = Optional.of(principal);
    return this;
  }

  /** By which way whoever is refused can get in: {@code oidc} or {@code token}. */
  RefusedException signingInBy(String way) {
    signIn = Optional.of(way);
    return this;
  }

  int status() {
    return status;
  }

  Map<String, String> headers() {
    return headers;
  }

  Optional<String> name() {
    return name;
  }

  Optional<String> signIn() {
    return signIn;
  }
}
