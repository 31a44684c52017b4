package io.sparkappliance.auth;

import io.sparkappliance.settings.Secret;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** Certificates and a private key in the text form of RFC 7468. */
final class PemText {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

  private static final Pattern BEGIN = Pattern.compile("-----BEGIN [A-Z0-9 ]+-----");

  /** {@code rsaEncryption}, in DER, with its empty parameters. */
  private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");

  private static final byte[] VERSION_0 = HexFormat.of().parseHex("020100");
  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final int ONE_BYTE_LENGTHS = 0x80;

  /**
   * A part of the text.
   *
   * @param label what it is, in upper case
   * @param body what is between the lines
   */
  private record Block(String label, String body) {
    byte[] der() throws IOException {
      try {
        return Base64.getMimeDecoder().decode(body);
      } catch (IllegalArgumentException malformed) {
        throw new IOException("the part " + label + " is no base64", malformed);
      }
    }
  }

  private final List<Block> blocks = new ArrayList<>();

  /**
   * Finds the parts of a text.
   *
   * @throws IOException when one has no end: somebody may be writing it
   */
  PemText(byte[] text) throws IOException {
    String all = new String(text, StandardCharsets.ISO_8859_1);
    Matcher found = BLOCK.matcher(all);
    while (found.find()) {
      blocks.add(new Block(found.group(1), found.group(2)));
    }
    if (BEGIN.matcher(all).results().count() != blocks.size()) {
      throw new IOException("a part of it has no end");
    }
  }

  /**
   * All certificates, in their order.
   *
   * @throws IOException when one can't be read, or there is none
   */
  List<X509Certificate> certificates() throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks) {
      if (block.label().equals("CERTIFICATE")) {
        certificates.add(certificate(block.der()));
      }
    }
    if (certificates.isEmpty()) {
      throw new IOException("no certificate in PEM is in it");
    }
    return certificates;
  }

  private static X509Certificate certificate(byte[] der) throws IOException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (GeneralSecurityException malformed) {
      throw new IOException("a certificate in it is malformed", malformed);
    }
  }

  /**
   * The private key.
   *
   * @param password of an encrypted one
   * @throws IOException when it can't be read, or there is none
   */
  PrivateKey key(Optional<Secret> password) throws IOException {
    for (Block block : blocks) {
      switch (block.label()) {
        case "PRIVATE KEY" -> {
          return key(block.der());
        }
        case "ENCRYPTED PRIVATE KEY" -> {
          return key(decrypted(block.der(), password));
        }
        case "RSA PRIVATE KEY" -> {
          if (block.body().contains("ENCRYPTED")) {
            throw new IOException(
                "its key is encrypted in a form that OpenSSL gave up; " + CONVERT);
          }
          return key(wrapped(block.der()));
        }
        case "EC PRIVATE KEY", "DSA PRIVATE KEY" ->
            throw new IOException("its key is not in PKCS#8; " + CONVERT);
        default -> {
          // Certificates may be beside it, and parameters of curves.
        }
      }
    }
    throw new IOException("no private key in PEM is in it");
  }

  private static final String CONVERT =
      "openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW makes one that is";

  private static PrivateKey key(byte[] der) throws IOException {
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der);
    for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException another) {
        // The next may fit.
      } catch (GeneralSecurityException missing) {
        throw new IOException("this JVM has no keys of the kind " + algorithm, missing);
      }
    }
    throw new IOException("its key is malformed, or of no kind that TLS uses: RSA, EC, EdDSA");
  }

  private static byte[] decrypted(byte[] der, Optional<Secret> password) throws IOException {
    if (password.isEmpty()) {
      throw new IOException("its key is encrypted, and no password is given");
    }
    PBEKeySpec words = new PBEKeySpec(password.get().reveal().toCharArray());
    try {
      EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
      // Which cipher PBES2 means is in its parameters alone, whose text is the JDK's name for it.
      String named = info.getAlgName();
      String algorithm =
          named.equals("PBES2") || named.startsWith("1.2.840.113549.1.5.13")
              ? info.getAlgParameters().toString()
              : named;
      return info.getKeySpec(SecretKeyFactory.getInstance(algorithm).generateSecret(words))
          .getEncoded();
    } catch (GeneralSecurityException undecryptable) {
      throw new IOException("the password does not open its key", undecryptable);
    } finally {
      words.clearPassword();
    }
  }

  /** PKCS#1, as OpenSSL wrote it for long, inside PKCS#8. */
  private static byte[] wrapped(byte[] pkcs1) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(VERSION_0);
    content.writeBytes(RSA);
    content.writeBytes(tagged(OCTETS, pkcs1));
    return tagged(SEQUENCE, content.toByteArray());
  }

  private static byte[] tagged(int tag, byte[] content) {
    ByteArrayOutputStream der = new ByteArrayOutputStream();
    der.write(tag);
    if (content.length < ONE_BYTE_LENGTHS) {
      der.write(content.length);
    } else {
      // Lengths of keys fit two bytes.
      der.write(ONE_BYTE_LENGTHS | 2);
      der.write(content.length >> Byte.SIZE);
      der.write(content.length);
    }
    der.writeBytes(content);
    return der.toByteArray();
  }
}
