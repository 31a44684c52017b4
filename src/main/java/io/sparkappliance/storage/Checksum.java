package io.sparkappliance.storage;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A checksum that a server announced.
 *
 * @param algorithm as {@link MessageDigest} calls it
 * @param base64 the digest
 */
record Checksum(String algorithm, String base64) {
  /** {@code Repr-Digest}/{@code Content-Digest} (RFC 9530) and the older {@code Digest}. */
  private static final Pattern SHA_256 = Pattern.compile("(?i)sha-256=:?([A-Za-z0-9+/]{43}=):?");

  /** The strongest checksum that covers the whole file, if there is any. */
  static Optional<Checksum> announcedBy(HttpHeaders headers) {
    for (String name : new String[] {"Repr-Digest", "Content-Digest", "Digest"}) {
      for (String value : headers.allValues(name)) {
        Matcher matcher = SHA_256.matcher(value);
        if (matcher.find()) {
          return Optional.of(new Checksum("SHA-256", matcher.group(1)));
        }
      }
    }
    return headers.firstValue("Content-MD5").map(value -> new Checksum("MD5", value.strip()));
  }

  boolean matches(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      byte[] buffer = new byte[64 * 1024];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return Base64.getEncoder().encodeToString(digest.digest()).equals(base64);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + algorithm, e);
    }
  }
}
