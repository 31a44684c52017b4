package io.sparkappliance.auth;

/** An identity provider that does not answer, or not as it should. */
public final class ProviderException extends Exception {
  private static final long serialVersionUID = 1L;

  ProviderException(String what) {
    super(what);
  }

  ProviderException(String what, Throwable cause) {
    super(what, cause);
  }
}
