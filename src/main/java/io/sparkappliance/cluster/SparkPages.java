package io.sparkappliance.cluster;

import io.sparkappliance.settings.Settings.Ssl;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Calls the web pages of Spark's daemons, with TLS or without. Their certificates name public hosts
 * and may be signed by anybody: the pages are asked by private addresses. No secret is sent to
 * them, and nothing is believed but the state that they tell.
 */
public final class SparkPages {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  private SparkPages() {}

  /**
   * A client for these pages; it follows the redirect with which Spark sends callers to TLS.
   *
   * @param ssl the node's own key, where pages may ask their callers for a certificate
   */
  public static HttpClient client(Optional<Ssl> ssl) {
    return builder(ssl).followRedirects(HttpClient.Redirect.NORMAL).build();
  }

  /**
   * One that goes nowhere it is sent to: its user has to look where that is.
   *
   * @param ssl the node's own key, where pages may ask their callers for a certificate
   */
  public static HttpClient clientThatStays(Optional<Ssl> ssl) {
    return builder(ssl).followRedirects(HttpClient.Redirect.NEVER).build();
  }

  private static HttpClient.Builder builder(Optional<Ssl> ssl) {
    return HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).sslContext(context(ssl));
  }

  private static SSLContext context(Optional<Ssl> ssl) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(ownKey(ssl), new TrustManager[] {new TrustAny()}, null);
      return context;
    } catch (GeneralSecurityException noTls) {
      throw new IllegalStateException("this JVM has no TLS", noTls);
    }
  }

  private static KeyManager[] ownKey(Optional<Ssl> ssl) {
    if (ssl.filter(Ssl::needClientAuth).isEmpty()) {
      return new KeyManager[0];
    }
    try {
      return keys(ssl.get());
    } catch (GeneralSecurityException | IOException unusable) {
      // Spark itself explains what is wrong with its key store, when it starts with it.
      return new KeyManager[0];
    }
  }

  private static KeyManager[] keys(Ssl ssl) throws GeneralSecurityException, IOException {
    char[] password = ssl.keyStorePassword().reveal().toCharArray();
    char[] keyPassword =
        ssl.keyPassword().map(given -> given.reveal().toCharArray()).orElse(password);
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    try (InputStream file = Files.newInputStream(ssl.keyStore())) {
      store.load(file, password);
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, keyPassword);
    return factory.getKeyManagers();
  }

  private static final class TrustAny extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
