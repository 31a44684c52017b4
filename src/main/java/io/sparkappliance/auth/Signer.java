package io.sparkappliance.auth;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs texts that strangers keep for us, and knows them again. */
public final class Signer {
  private static final String ALGORITHM = "HmacSHA256";
  private static final String OWN_KEY = "session-key";

  private final byte[] key;

  private Signer(byte[] key) {
    this.key = key;
  }

  /** Signs with a secret. */
  public static Signer of(String secret) {
    return new Signer(
        mac(secret.getBytes(StandardCharsets.UTF_8), "spark-appliance gateway sessions"));
  }

  /**
   * Signs with what the cluster's nodes share, so that each of their gateways knows what another
   * one signed; where they share nothing, with a key of this node that outlives restarts.
   *
   * @param secrets the node's directory for secrets
   * @throws IOException when it can't be used
   */
  public static Signer ofNode(Path secrets) throws IOException {
    Optional<String> shared = new SecretFile(secrets.resolve(CredentialStore.RPC_SECRET)).read();
    if (shared.isPresent()) {
      return of(shared.get());
    }
    SecretFile own = new SecretFile(secrets.resolve(OWN_KEY));
    Optional<String> kept = own.read();
    if (kept.isPresent()) {
      return of(kept.get());
    }
    String made = Tokens.generate();
    own.write(made);
    return of(made);
  }

  /**
   * A text with its signature.
   *
   * @param purpose a text that was signed for another one counts as forged
   * @return characters that cookies may have
   */
  public String sign(String purpose, String text) {
    String encoded = encode(text.getBytes(StandardCharsets.UTF_8));
    return encoded + "." + derive(purpose, encoded);
  }

  /** The text that was signed; empty: it was not, or not for that. */
  public Optional<String> verify(String purpose, String signed) {
    int dot = signed.indexOf('.');
    if (dot < 0) {
      return Optional.empty();
    }
    String encoded = signed.substring(0, dot);
    return Tokens.same(derive(purpose, encoded), signed.substring(dot + 1))
        ? Optional.of(new String(Base64.getUrlDecoder().decode(encoded), StandardCharsets.UTF_8))
        : Optional.empty();
  }

  /** 43 characters that nobody else can make of a text; others for every purpose. */
  public String derive(String purpose, String text) {
    return encode(mac(key, purpose + ":" + text));
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] mac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
