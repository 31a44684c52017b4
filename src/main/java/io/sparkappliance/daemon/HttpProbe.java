package io.sparkappliance.daemon;

import io.sparkappliance.settings.HostAndPort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Ready when a page is answered with 200. */
final class HttpProbe implements Probe {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final HttpClient http;
  private final HttpRequest request;

  HttpProbe(HttpClient http, HostAndPort server, String path, Map<String, String> headers) {
    this(http, URI.create("http://" + server + path), headers);
  }

  HttpProbe(HttpClient http, URI page, Map<String, String> headers) {
    this.http = http;
    HttpRequest.Builder builder = HttpRequest.newBuilder(page).timeout(TIMEOUT);
    headers.forEach(builder::header);
    this.request = builder.build();
  }

  @Override
  public Optional<String> missing() {
    try {
      int code = http.send(request, BodyHandlers.discarding()).statusCode();
      return code == 200
          ? Optional.empty()
          : Optional.of(request.uri().getPath() + " answers " + code);
    } catch (IOException unreachable) {
      return Optional.of("port " + request.uri().getPort() + " does not answer");
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return Optional.of("stopped");
    }
  }
}
