package io.sparkappliance.storage;

import io.sparkappliance.settings.EnvironmentProxies;
import java.io.IOException;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.PasswordAuthentication;
import java.net.ProxySelector;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Fetches over HTTP, following redirects (never from https to http). */
final class HttpSource implements Fetcher.Source {
  private final ProxySelector proxies;
  private final FetchLimits limits;

  /**
   * @param environment where the proxy variables are looked up
   * @param limits how patient each fetch is
   */
  HttpSource(Map<String, String> environment, FetchLimits limits) {
    this.proxies = new EnvironmentProxies(environment);
    this.limits = limits;
  }

  @Override
  public void copy(String location, Path into) throws FetchFailure, IOException {
    URI uri = parse(location);
    try (HttpClient client = clientFor(uri)) {
      HttpRequest request =
          HttpRequest.newBuilder(withoutUser(uri)).timeout(limits.response()).GET().build();
      CompletableFuture<HttpResponse<Path>> call =
          client.sendAsync(
              request,
              // An error page is no file to keep.
              info ->
                  info.statusCode() == 200
                      ? HttpResponse.BodySubscribers.ofFile(
                          into, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)
                      : HttpResponse.BodySubscribers.replacing(into));
      try {
        check(call.get(limits.transfer().toMillis(), TimeUnit.MILLISECONDS), into);
      } catch (TimeoutException e) {
        throw slow("it was not complete after " + limits.transfer().toSeconds() + " s", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new FetchFailure("the fetch was interrupted", "Start again.", false, e);
      } catch (ExecutionException e) {
        throw explained(uri, e.getCause());
      } finally {
        call.cancel(true);
        client.shutdownNow();
      }
    }
  }

  private HttpClient clientFor(URI uri) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .connectTimeout(limits.connect())
            .followRedirects(HttpClient.Redirect.NORMAL)
            .proxy(proxies);
    String user = uri.getUserInfo();
    if (user != null) {
      builder.authenticator(new OneHost(uri.getHost(), user));
    }
    return builder.build();
  }

  /** Gives user and password of the URI to its own host only, not to where it redirects. */
  private static final class OneHost extends Authenticator {
    private final String host;
    private final String user;
    private final String password;

    OneHost(String host, String userInfo) {
      int colon = userInfo.indexOf(':');
      this.host = host;
      this.user = colon < 0 ? userInfo : userInfo.substring(0, colon);
      this.password = colon < 0 ? "" : userInfo.substring(colon + 1);
    }

    @Override
    protected PasswordAuthentication getPasswordAuthentication() {
      return host.equalsIgnoreCase(getRequestingHost())
              && getRequestorType() == RequestorType.SERVER
          ? new PasswordAuthentication(user, password.toCharArray())
          : null;
    }
  }

  private static URI parse(String location) throws FetchFailure {
    try {
      URI uri = URI.create(location);
      if (uri.getHost() == null) {
        throw new IllegalArgumentException("no host");
      }
      return uri;
    } catch (IllegalArgumentException e) {
      // The parser's message repeats the text, credentials included.
      throw new FetchFailure(
          "this is no valid URL",
          "Write scheme://host/path, special characters percent-encoded.",
          false,
          null);
    }
  }

  private static URI withoutUser(URI uri) {
    if (uri.getRawUserInfo() == null) {
      return uri;
    }
    String text = uri.toString();
    return URI.create(text.replaceFirst("//[^/?#]*@", "//"));
  }

  private static void check(HttpResponse<Path> response, Path file)
      throws FetchFailure, IOException {
    int status = response.statusCode();
    if (status != 200) {
      throw refused(status);
    }
    OptionalLong promised = response.headers().firstValueAsLong("Content-Length");
    long size = Files.size(file);
    boolean encoded = response.headers().firstValue("Content-Encoding").isPresent();
    if (promised.isPresent() && promised.getAsLong() != size && !encoded) {
      throw truncated(promised.getAsLong() + " bytes were announced, " + size + " came", null);
    }
    Checksum checksum = Checksum.announcedBy(response.headers()).orElse(null);
    if (checksum != null && !checksum.matches(file)) {
      throw truncated("its " + checksum.algorithm() + " checksum is not the announced one", null);
    }
  }

  private static FetchFailure refused(int status) {
    return switch (status) {
      case 401 ->
          new FetchFailure(
              "the server asks for a login (401)",
              "Put user and password into the URL, or use a signed URL.",
              false,
              null);
      case 403 ->
          new FetchFailure(
              "the server refuses access (403)",
              "Check who may read it, and that a signed URL has not expired.",
              false,
              null);
      case 404, 410 ->
          new FetchFailure(
              "the server has no such file (" + status + ")", "Check the path.", false, null);
      case 429 ->
          new FetchFailure("the server limits the rate (429)", "Start again later.", true, null);
      default ->
          status >= 500
              ? new FetchFailure(
                  "the server failed (" + status + ")",
                  "Start again when the server works.",
                  true,
                  null)
              : new FetchFailure(
                  "the server answered " + status, "Check the URL with curl -v.", false, null);
    };
  }

  private FetchFailure explained(URI uri, Throwable cause) throws FetchFailure {
    Throwable root = Objects.requireNonNull(cause);
    if (hasCause(root, UnresolvedAddressException.class)
        || hasCause(root, UnknownHostException.class)) {
      return new FetchFailure(
          "the host " + uri.getHost() + " is unknown",
          "Check the name, and the DNS server of this machine.",
          true,
          root);
    }
    if (root instanceof HttpConnectTimeoutException) {
      return slow("no connection within " + limits.connect().toSeconds() + " s", root);
    }
    if (root instanceof HttpTimeoutException) {
      return slow("no answer within " + limits.response().toSeconds() + " s", root);
    }
    if (root instanceof ConnectException) {
      return new FetchFailure(
          "nothing listens at " + hostAndPort(uri),
          "Check host and port, and firewalls or security groups between here and there.",
          true,
          root);
    }
    if (root instanceof SSLException) {
      return new FetchFailure(
          "TLS failed (" + root.getMessage() + ")",
          "Check the server's certificate; a company's own authority must be in Java's trust store.",
          false,
          root);
    }
    if (root instanceof IOException io) {
      return truncated(Fetcher.reason(io), io);
    }
    return new FetchFailure(
        "the fetch failed (" + root.getClass().getSimpleName() + ")",
        "Check the URL with curl -v.",
        false,
        root);
  }

  private static FetchFailure slow(String what, Throwable cause) {
    return new FetchFailure(
        what, "Check that the server is up and reachable from this machine.", true, cause);
  }

  private static FetchFailure truncated(String what, Throwable cause) {
    return new FetchFailure(
        "the transfer broke off: " + what,
        "Start again; check proxies on the way when it stays.",
        true,
        cause);
  }

  private static boolean hasCause(Throwable failure, Class<?> type) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (type.isInstance(t)) {
        return true;
      }
    }
    return false;
  }

  private static String hostAndPort(URI uri) {
    boolean https = uri.getScheme().toLowerCase(Locale.ROOT).equals("https");
    int port = uri.getPort() > 0 ? uri.getPort() : https ? 443 : 80;
    return uri.getHost() + ":" + port;
  }
}
