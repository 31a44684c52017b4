package io.sparkappliance.auth;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.GatewayTls;
import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.Secret;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;

/** A server's private key with the certificates that prove whose it is, as its files have them. */
public final class ServerKey {
  private static final int LARGEST_FILE = 1 << 20;
  private static final String MOUNT =
      "Mount the file there, readable for the user the container runs as.";

  private final PrivateKey key;
  private final List<X509Certificate> chain;

  private ServerKey(PrivateKey key, List<X509Certificate> chain) {
    this.key = key;
    this.chain = List.copyOf(ordered(chain));
  }

  /** Each is that of the issuer of the one before; others are of no use to clients. */
  private static List<X509Certificate> ordered(List<X509Certificate> given) {
    List<X509Certificate> chain = new ArrayList<>(List.of(given.getFirst()));
    Optional<X509Certificate> next = Optional.of(given.getFirst());
    while (next.isPresent()) {
      X500Principal issuer = chain.getLast().getIssuerX500Principal();
      next =
          given.stream()
              .filter(it -> it.getSubjectX500Principal().equals(issuer) && !chain.contains(it))
              .findFirst();
      next.ifPresent(chain::add);
    }
    return chain;
  }

  /**
   * Reads the files.
   *
   * @throws ConfigurationException with everything that is wrong with them
   */
  public static ServerKey read(GatewayTls tls) {
    Problems problems = new Problems();
    Optional<ServerKey> read =
        tls.key().isPresent()
            ? ofPem(tls, tls.key().get(), problems)
            : ofKeyStore(tls, tls.certificates(), problems);
    if (problems.isEmpty()) {
      read.orElseThrow().check(tls, problems);
    }
    problems.throwIfAny();
    return read.orElseThrow();
  }

  /** Changes when the content of a file does, or whether it can be read. */
  public static String fingerprint(GatewayTls tls) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path file :
          tls.key()
              .map(it -> List.of(tls.certificates(), it))
              .orElse(List.of(tls.certificates()))) {
        try {
          digest.update(content(file));
        } catch (IOException unreadable) {
          digest.update((byte) 0);
        }
        digest.update((byte) 1);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }

  private static Optional<ServerKey> ofPem(GatewayTls tls, Path keyFile, Problems problems) {
    Optional<List<X509Certificate>> chain = Optional.empty();
    Optional<PrivateKey> key = Optional.empty();
    try {
      chain = Optional.of(new PemText(content(tls.certificates())).certificates());
    } catch (IOException unusable) {
      problems.add(
          GatewayTls.CERTIFICATE_FILE, tls.certificates().toString(), reason(unusable), MOUNT);
    }
    try {
      key = Optional.of(new PemText(content(keyFile)).key(tls.password()));
    } catch (IOException unusable) {
      problems.add(GatewayTls.KEY_FILE, keyFile.toString(), reason(unusable), remedy(unusable));
    }
    return chain.isPresent() && key.isPresent()
        ? Optional.of(new ServerKey(key.get(), chain.get()))
        : Optional.empty();
  }

  private static Optional<ServerKey> ofKeyStore(GatewayTls tls, Path file, Problems problems) {
    try {
      byte[] content = content(file);
      if (file.toString().endsWith(".pem")) {
        PemText text = new PemText(content);
        return Optional.of(new ServerKey(text.key(tls.password()), text.certificates()));
      }
      return Optional.of(ofKeyStore(content, tls.password()));
    } catch (IOException unusable) {
      problems.add(GatewayTls.KEYSTORE_FILE, file.toString(), reason(unusable), remedy(unusable));
      return Optional.empty();
    }
  }

  private static ServerKey ofKeyStore(byte[] content, Optional<Secret> password)
      throws IOException {
    char[] characters = password.map(Secret::reveal).orElse("").toCharArray();
    try {
      // Takes JKS, too.
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(new ByteArrayInputStream(content), characters);
      for (String alias : Collections.list(store.aliases())) {
        Key key = store.isKeyEntry(alias) ? store.getKey(alias, characters) : null;
        Certificate[] chain = store.getCertificateChain(alias);
        if (key instanceof PrivateKey secret && chain != null) {
          return new ServerKey(
              secret, Arrays.stream(chain).map(X509Certificate.class::cast).toList());
        }
      }
    } catch (GeneralSecurityException | ClassCastException unusable) {
      throw new IOException("its key can't be used", unusable);
    } finally {
      Arrays.fill(characters, '\0');
    }
    throw new IOException("no private key with a certificate is in it");
  }

  private static byte[] content(Path file) throws IOException {
    if (Files.isRegularFile(file) && Files.size(file) > LARGEST_FILE) {
      throw new IOException("it is too large for keys and certificates");
    }
    return Files.readAllBytes(file);
  }

  /** Without what a parser might quote of the file. */
  private static String reason(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "there is no such file";
    }
    return failure instanceof FileSystemException
        ? "it can't be read"
        : "it can't be used: " + failure.getMessage();
  }

  private static String remedy(IOException failure) {
    return failure instanceof FileSystemException
        ? MOUNT
        : "Mount another file, or give its password by "
            + GatewayTls.PASSWORD
            + "_FILE (or "
            + GatewayTls.PASSWORD
            + ").";
  }

  private void check(GatewayTls tls, Problems problems) {
    if (!belongs()) {
      problems.add(
          tls.key().isPresent() ? GatewayTls.KEY_FILE : GatewayTls.KEYSTORE_FILE,
          tls.key().orElse(tls.certificates()).toString(),
          "the key in it is not that of the first certificate in " + tls.certificates(),
          "Mount the key and the certificate that were made together; in a chain, the server's own"
              + " certificate comes first.");
    }
  }

  /** Whether what this key signs is what the certificate's can verify. */
  private boolean belongs() {
    PublicKey publicKey = chain.getFirst().getPublicKey();
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    byte[] text = {1, 2, 3};
    try {
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(key);
      signer.update(text);
      byte[] signature = signer.sign();
      signer.initVerify(publicKey);
      signer.update(text);
      return signer.verify(signature);
    } catch (GeneralSecurityException another) {
      return false;
    }
  }

  /** What people should know, though it can be used. */
  public Optional<String> warning(Instant now) {
    X509Certificate own = chain.getFirst();
    Instant end = own.getNotAfter().toInstant();
    if (end.isBefore(now)) {
      return Optional.of("the gateway's certificate has expired, at " + end);
    }
    Instant begin = own.getNotBefore().toInstant();
    return begin.isAfter(now)
        ? Optional.of("the gateway's certificate does not count before " + begin)
        : Optional.empty();
  }

  /** Whose it is and until when, for logs. */
  public String description() {
    X509Certificate own = chain.getFirst();
    return own.getSubjectX500Principal() + ", valid until " + own.getNotAfter().toInstant();
  }

  /**
   * As servers take it.
   *
   * @param password that protects the key in there
   */
  public KeyStore store(char[] password) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("gateway", key, password, chain.toArray(new Certificate[0]));
      return store;
    } catch (GeneralSecurityException | IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
