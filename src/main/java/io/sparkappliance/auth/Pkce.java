package io.sparkappliance.auth;

import com.nimbusds.jose.util.Base64URL;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;

/** Proof that a request and the exchange of what it gave have one origin (RFC 7636). */
final class Pkce {
  /** The only method that is used: the verifier itself is not told until the exchange. */
  static final String METHOD = "S256";

  private Pkce() {}

  /**
   * What the first request says.
   *
   * @param verifier what the exchange will say; 43 to 128 characters
   */
  static Map<String, String> challenge(String verifier) {
    return Map.of("code_challenge", hash(verifier), "code_challenge_method", METHOD);
  }

  /** RFC 7636, section 4.2. */
  private static String hash(String verifier) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII));
      return Base64URL.encode(hash).toString();
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
