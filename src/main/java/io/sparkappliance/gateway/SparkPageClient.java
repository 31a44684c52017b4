package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Settings.Ssl;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Asks Spark's processes for their pages: by GET and HEAD, and without anything of the caller's.
 */
final class SparkPageClient {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** All that Spark learns of a browser. */
  private static final List<String> PASSED_ON =
      List.of("Accept", "Accept-Language", "If-Modified-Since");

  private final HttpClient http;

  SparkPageClient(Optional<Ssl> ssl) {
    this.http = SparkPages.clientThatStays(ssl);
  }

  /**
   * Asks for a page.
   *
   * @param server where
   * @param path with its query, checked already
   * @param context in front of the addresses in its answer
   * @return its answer, whose body has to be closed
   * @throws IOException when it does not answer
   */
  HttpResponse<InputStream> ask(Context caller, HostAndPort server, String path, String context)
      throws IOException {
    // Ids of workers may have an IPv6 address in them.
    URI address = URI.create("http://" + server + path.replace("[", "%5B").replace("]", "%5D"));
    HttpResponse<InputStream> answer = send(caller, address, context);
    Optional<URI> secure =
        answer.headers().firstValue("Location").flatMap(to -> byTls(address, to));
    if (answer.statusCode() / 100 == 3 && secure.isPresent()) {
      answer.body().close();
      return send(caller, secure.get(), context);
    }
    return answer;
  }

  private HttpResponse<InputStream> send(Context caller, URI address, String context)
      throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .version(HttpClient.Version.HTTP_1_1)
            .timeout(TIMEOUT)
            .method(caller.method().name(), BodyPublishers.noBody())
            .header("X-Forwarded-Context", context);
    for (String name : PASSED_ON) {
      Optional.ofNullable(caller.header(name)).ifPresent(value -> request.header(name, value));
    }
    try {
      return http.send(request.build(), BodyHandlers.ofInputStream());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped", stopped);
    }
  }

  /** With TLS on, Spark sends callers of its plain port to the same page at the other one. */
  private static Optional<URI> byTls(URI address, String location) {
    try {
      URI to = URI.create(location);
      boolean same =
          to.getRawUserInfo() == null
              && Objects.equals(to.getHost(), address.getHost())
              && Objects.equals(to.getRawPath(), address.getRawPath())
              && Objects.equals(to.getRawQuery(), address.getRawQuery());
      return same && "https".equals(to.getScheme()) ? Optional.of(to) : Optional.empty();
    } catch (IllegalArgumentException malformed) {
      return Optional.empty();
    }
  }
}
