package io.sparkappliance.settings;

import java.nio.file.Path;
import java.util.Optional;

/**
 * TLS of the gateway itself.
 *
 * @param certificates {@code GATEWAY_TLS_CERTIFICATE_FILE}: certificates in PEM, its own first; or
 *     {@code GATEWAY_TLS_KEYSTORE_FILE}, which holds the key, too
 * @param key {@code GATEWAY_TLS_KEY_FILE}: private key in PEM; empty: in the key store
 * @param password {@code GATEWAY_TLS_PASSWORD}: of the key or the key store; empty: it has none
 * @param hsts {@code GATEWAY_TLS_HSTS}: whether browsers are told to use nothing else with this
 *     host
 */
public record GatewayTls(
    Path certificates, Optional<Path> key, Optional<Secret> password, boolean hsts) {
  /** The variable that names the file with the certificates. */
  public static final String CERTIFICATE_FILE = "GATEWAY_TLS_CERTIFICATE_FILE";

  /** The variable that names the file with the key. */
  public static final String KEY_FILE = "GATEWAY_TLS_KEY_FILE";

  /** The variable that names a file with both. */
  public static final String KEYSTORE_FILE = "GATEWAY_TLS_KEYSTORE_FILE";

  /** The secret that opens the key or the key store. */
  public static final String PASSWORD = "GATEWAY_TLS_PASSWORD";

  /** Which variable named the certificates. */
  public String certificatesVariable() {
    return key.isPresent() ? CERTIFICATE_FILE : KEYSTORE_FILE;
  }
}
