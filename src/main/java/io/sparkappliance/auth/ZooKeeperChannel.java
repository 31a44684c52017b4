package io.sparkappliance.auth;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.ZooKeeperTls;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.common.ClientX509Util;
import org.apache.zookeeper.common.X509Exception;
import org.apache.zookeeper.common.X509Util;

/** How this node's processes reach ZooKeeper: as they are, or by TLS. */
public final class ZooKeeperChannel {
  /** Without TLS. */
  public static final ZooKeeperChannel PLAIN = new ZooKeeperChannel(Optional.empty());

  private final Optional<ZooKeeperTls> tls;

  /** A channel; empty: without TLS. */
  public ZooKeeperChannel(Optional<ZooKeeperTls> tls) {
    this.tls = tls;
  }

  /**
   * By TLS, for a process that is told where files are.
   *
   * @param keyStorePassword a file that holds it
   * @param trustStorePassword a file that holds it
   * @throws IOException when a file can't be read
   */
  public static ZooKeeperChannel byTls(
      Optional<Path> keyStore,
      Optional<Path> keyStorePassword,
      Optional<Path> trustStore,
      Optional<Path> trustStorePassword)
      throws IOException {
    return new ZooKeeperChannel(
        Optional.of(
            new ZooKeeperTls(
                keyStore,
                secret(keyStorePassword),
                trustStore,
                secret(trustStorePassword),
                false)));
  }

  private static Optional<Secret> secret(Optional<Path> file) throws IOException {
    if (file.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> secret = new SecretFile(file.get()).read();
    return Optional.of(
        new Secret(secret.orElseThrow(() -> new NoSuchFileException(file.get().toString()))));
  }

  /** What ZooKeeper's clients are made with. */
  public ZKClientConfig clientConfig() {
    ZKClientConfig config = new ZKClientConfig();
    tls.ifPresent(it -> fill(config, it));
    return config;
  }

  private static void fill(ZKClientConfig config, ZooKeeperTls tls) {
    config.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
    // The only one that knows TLS.
    config.setProperty(
        ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, "org.apache.zookeeper.ClientCnxnSocketNetty");
    try (ClientX509Util names = new ClientX509Util()) {
      tls.keyStore()
          .ifPresent(
              it -> config.setProperty(names.getSslKeystoreLocationProperty(), it.toString()));
      tls.keyStorePassword()
          .ifPresent(it -> config.setProperty(names.getSslKeystorePasswdProperty(), it.reveal()));
      tls.trustStore()
          .ifPresent(
              it -> config.setProperty(names.getSslTruststoreLocationProperty(), it.toString()));
      tls.trustStorePassword()
          .ifPresent(it -> config.setProperty(names.getSslTruststorePasswdProperty(), it.reveal()));
    }
  }

  /**
   * For what ZooKeeper's clients don't do; empty: without TLS.
   *
   * @throws IOException when keys or certificates can't be read
   */
  public Optional<SSLContext> context() throws IOException {
    if (tls.isEmpty()) {
      return Optional.empty();
    }
    try (ClientX509Util tools = new ClientX509Util()) {
      return Optional.of(tools.createSSLContext(clientConfig()));
    } catch (X509Exception.SSLContextException unreadable) {
      throw new IOException("can't use the keys for ZooKeeper", unreadable);
    }
  }

  /**
   * Opens the files once, so that a typo is found at the start and not by a client that tries for
   * ever.
   *
   * @throws ConfigurationException when one can't be read
   */
  public void check() {
    if (tls.isPresent()) {
      open("ZOOKEEPER_TLS_KEYSTORE", tls.get().keyStore(), tls.get().keyStorePassword(), true);
      open(
          "ZOOKEEPER_TLS_TRUSTSTORE",
          tls.get().trustStore(),
          tls.get().trustStorePassword(),
          false);
    }
  }

  private static void open(
      String name, Optional<Path> file, Optional<Secret> password, boolean withKey) {
    if (file.isEmpty()) {
      return;
    }
    String path = file.get().toString();
    String type = path.substring(path.lastIndexOf('.') + 1).toUpperCase(Locale.ROOT);
    String secret = password.map(Secret::reveal).orElse("");
    String kind = type.equals("P12") ? "PKCS12" : type;
    try {
      boolean empty =
          withKey
              ? X509Util.loadKeyStore(path, secret, kind).size() == 0
              : X509Util.loadTrustStore(path, secret, kind).size() == 0;
      if (empty) {
        throw new IOException("nothing is in it");
      }
    } catch (IOException | GeneralSecurityException | RuntimeException unreadable) {
      throw new ConfigurationException(
          new Problem(
              name + "_FILE",
              path,
              "can't be read as " + kind + " (" + reason(unreadable) + ")",
              "Mount it readable for the user the container runs as, with the password, if it has"
                  + " one, in "
                  + name
                  + "_PASSWORD_FILE."));
    }
  }

  /** Without what a parser might quote of the file. */
  private static String reason(Exception failure) {
    return failure instanceof NoSuchFileException || failure instanceof FileNotFoundException
        ? "there is no such file, or it may not be read"
        : failure.getClass().getSimpleName() + ": " + failure.getMessage();
  }
}
