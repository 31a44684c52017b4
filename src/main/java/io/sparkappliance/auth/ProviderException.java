package io.sparkappliance.auth;

/** An identity provider that does not answer, not as it should, or not with what was asked for. */
public final class ProviderException extends Exception {
  private static final long serialVersionUID = 1L;

  ProviderException(String what) {
    super(what);
  }

  ProviderException(String what, Throwable cause) {
    super(what, cause);
  }
}
