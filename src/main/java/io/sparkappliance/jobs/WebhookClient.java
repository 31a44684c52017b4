package io.sparkappliance.jobs;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;

/**
 * Posts to addresses that users give. A name is looked up once, and what is connected to is the
 * very address that was checked; Java's own client looks names up by itself. Nobody is sent on to
 * anywhere else, and of an answer no more than its status is read.
 */
final class WebhookClient implements AutoCloseable {
  /** Of a host that has many, so many are tried. */
  private static final int MAX_ADDRESSES = 3;

  private final Settings.Webhooks settings;
  private final CallableAddresses callable;
  private final ProxySelector proxies;
  private final Lookup lookup;
  private final SSLSocketFactory tls;
  private final Limits limits;

  /** Ends calls that take too long: a receiver that sends a byte now and then never times out. */
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("webhook-limits").factory());

  /** Finds the addresses of a host. */
  @FunctionalInterface
  interface Lookup {
    /** All of them, best first. */
    InetAddress[] addresses(String host) throws UnknownHostException;
  }

  /**
   * How patient a call is.
   *
   * @param connect until there is a connection to one address
   * @param whole for all of it
   */
  record Limits(Duration connect, Duration whole) {
    static final Limits DEFAULT = new Limits(Duration.ofSeconds(5), Duration.ofSeconds(10));
  }

  WebhookClient(
      Settings.Webhooks settings,
      ProxySelector proxies,
      Lookup lookup,
      SSLSocketFactory tls,
      Limits limits) {
    this.settings = settings;
    this.callable = new CallableAddresses(settings.privateNetworks());
    this.proxies = proxies;
    this.lookup = lookup;
    this.tls = tls;
    this.limits = limits;
  }

  /** A client that trusts whom Java trusts. */
  static WebhookClient of(Settings.Webhooks settings, ProxySelector proxies) {
    try {
      return new WebhookClient(
          settings,
          proxies,
          InetAddress::getAllByName,
          SSLContext.getDefault().getSocketFactory(),
          Limits.DEFAULT);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /**
   * Posts JSON.
   *
   * @throws WebhookFailure when it may not be sent, or nobody has said to have it
   */
  void post(URI address, Map<String, String> headers, byte[] body) throws WebhookFailure {
    if (!settings.hosts().allow(address)) {
      throw WebhookFailure.lasting(
          "the host may not be told any more (the operator's setting WEBHOOK_HOSTS)");
    }
    Optional<InetSocketAddress> proxy = proxy(address);
    List<InetSocketAddress> ways =
        proxy.isPresent() ? byProxy(address, proxy.get()) : direct(address);
    try (WebhookCall call = new WebhookCall(address, proxy.isPresent(), tls)) {
      ScheduledFuture<?> end =
          timer.schedule(call::end, limits.whole().toMillis(), TimeUnit.MILLISECONDS);
      try {
        call.connect(ways, limits.connect());
        judge(call.send(headers, body));
      } catch (IOException failure) {
        throw call.isEnded() ? tooSlow(failure) : explained(failure);
      } finally {
        end.cancel(false);
      }
    }
  }

  private WebhookFailure tooSlow(IOException failure) {
    return WebhookFailure.passing(
        "no answer within " + limits.whole().toMillis() / 1000.0 + " s", failure);
  }

  private static WebhookFailure explained(IOException failure) {
    String what =
        switch (failure) {
          case SocketTimeoutException _ -> "no connection in time";
          case SSLException _ -> "TLS failed: " + failure.getMessage();
          default -> "the connection failed: " + failure.getMessage();
        };
    return WebhookFailure.passing(what.lines().findFirst().orElse(what), failure);
  }

  private static void judge(int status) throws WebhookFailure {
    if (status / 100 == 3) {
      throw WebhookFailure.lasting(
          "answered with a redirect (" + status + "), which is not followed");
    }
    if (status == 410) {
      throw WebhookFailure.lasting("answered 410: it wants no more messages");
    }
    if (status / 100 != 2) {
      throw WebhookFailure.passing("answered " + status);
    }
  }

  private Optional<InetSocketAddress> proxy(URI address) throws WebhookFailure {
    try {
      return proxies.select(address).stream()
          .filter(proxy -> proxy.type() == Proxy.Type.HTTP)
          .map(proxy -> (InetSocketAddress) proxy.address())
          .findFirst();
    } catch (ConfigurationException noWay) {
      throw WebhookFailure.passing("can't be reached: " + noWay.problems().getFirst(), noWay);
    }
  }

  /** The proxy looks names up; an address is known here already. */
  private List<InetSocketAddress> byProxy(URI address, InetSocketAddress proxy)
      throws WebhookFailure {
    Optional<String> refusal = WebhookAddress.literal(address).flatMap(callable::refusal);
    if (refusal.isPresent()) {
      throw WebhookFailure.lasting(refusal.get());
    }
    try {
      return List.of(
          new InetSocketAddress(InetAddress.getByName(proxy.getHostString()), proxy.getPort()));
    } catch (UnknownHostException unknown) {
      throw WebhookFailure.passing("the proxy's host is unknown", unknown);
    }
  }

  private List<InetSocketAddress> direct(URI address) throws WebhookFailure {
    InetAddress[] found;
    try {
      found = lookup.addresses(WebhookAddress.host(address));
    } catch (UnknownHostException unknown) {
      throw WebhookFailure.passing("the host is unknown", unknown);
    }
    List<InetSocketAddress> ways = new ArrayList<>();
    Optional<String> refusal = Optional.empty();
    for (InetAddress one : found) {
      Optional<String> why = callable.refusal(one);
      if (why.isPresent()) {
        refusal = why;
      } else {
        ways.add(new InetSocketAddress(one, WebhookAddress.port(address)));
      }
    }
    if (ways.isEmpty()) {
      throw WebhookFailure.lasting(refusal.orElse("the host has no address"));
    }
    return ways.subList(0, Math.min(MAX_ADDRESSES, ways.size()));
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
