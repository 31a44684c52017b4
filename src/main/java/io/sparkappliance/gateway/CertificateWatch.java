package io.sparkappliance.gateway;

import io.sparkappliance.auth.ServerKey;
import io.sparkappliance.auth.Tokens;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.GatewayTls;
import java.security.KeyStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gateway's certificate as its files are: one that is renewed serves from then on, without a
 * restart. Connections that are open keep theirs.
 */
final class CertificateWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateWatch.class);
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private final GatewayTls tls;
  private final InstantSource clock;
  private final SslContextFactory.Server factory = new SslContextFactory.Server();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("certificate").factory());

  /** Of the files that serve. */
  private String serving;

  /** Of files that can't serve; seen once they may be half written. */
  private String unusable = "";

  private boolean told;

  /**
   * Reads the files.
   *
   * @throws ConfigurationException when they can't be used
   */
  CertificateWatch(GatewayTls tls, InstantSource clock) {
    this.tls = tls;
    this.clock = clock;
    this.serving = ServerKey.fingerprint(tls);
    // What is older is broken, or about to be.
    factory.setIncludeProtocols("TLSv1.3", "TLSv1.2");
    factory.setRenegotiationAllowed(false);
    use(ServerKey.read(tls), factory);
  }

  /** What Jetty makes its TLS connections with. */
  SslContextFactory.Server factory() {
    return factory;
  }

  /** Looks at the files from now on. */
  void start() {
    var _ =
        thread.scheduleWithFixedDelay(
            this::lookAgain, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void lookAgain() {
    try {
      look();
    } catch (RuntimeException trouble) {
      LOG.error("the gateway's certificate can't be looked after", trouble);
    }
  }

  /** Serves with what is in the files now, if it is new and can be used. */
  synchronized void look() {
    String now = ServerKey.fingerprint(tls);
    if (now.equals(serving)) {
      unusable = "";
      told = false;
      return;
    }
    try {
      ServerKey key = ServerKey.read(tls);
      factory.reload(it -> use(key, it));
      serving = now;
      unusable = "";
      told = false;
      LOG.info("the gateway has another certificate now: {}", key.description());
    } catch (ConfigurationException broken) {
      if (!now.equals(unusable)) {
        unusable = now;
        told = false;
      } else if (!told) {
        told = true;
        LOG.warn("the gateway keeps the certificate that it has. {}", broken.getMessage());
      }
    } catch (Exception refused) {
      unusable = now;
      if (!told) {
        told = true;
        LOG.warn("the gateway keeps the certificate that it has: {}", refused.toString());
      }
    }
  }

  private void use(ServerKey key, SslContextFactory target) {
    // It never leaves this process.
    String password = Tokens.generate();
    KeyStore store = key.store(password.toCharArray());
    target.setKeyStore(store);
    target.setKeyStorePassword(password);
    target.setKeyManagerPassword(password);
    key.warning(clock.instant()).ifPresent(LOG::warn);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
