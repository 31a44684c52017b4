package io.sparkappliance.settings;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The key that a text stands for, as Standard Webhooks writes keys, or the text itself. */
public final class WebhookKey {
  private static final String PREFIX = "whsec_";
  private static final int LEAST_BYTES = 16;

  private WebhookKey() {}

  /**
   * The bytes of a key: what is encoded in base64 behind {@code whsec_}, else the text in UTF-8.
   *
   * @throws IllegalArgumentException when what is behind it is no base64
   */
  public static byte[] bytes(Secret secret) {
    return bytes(secret.reveal());
  }

  private static byte[] bytes(String text) {
    return text.startsWith(PREFIX)
        ? Base64.getDecoder().decode(text.substring(PREFIX.length()))
        : text.getBytes(StandardCharsets.UTF_8);
  }

  /** Whether a text is a key, and long enough. */
  static boolean isUsable(String text) {
    try {
      return bytes(text).length >= LEAST_BYTES;
    } catch (IllegalArgumentException noBase64) {
      return false;
    }
  }
}
