package io.sparkappliance.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Secret;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Asks identity providers: each call takes some seconds at most, its answer is of bounded size, and
 * nobody is sent on to anywhere else, since a token goes along.
 */
public final class ProviderCalls {
  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final Duration WHOLE = Duration.ofSeconds(5);
  private static final long LARGEST_ANSWER = 512L << 10;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

  private final HttpClient http;

  /** An answer: its status, and its body as text. */
  record Answer(int status, String body) {
    /** The body as a JSON object. */
    Map<String, Object> object() throws ProviderException {
      try {
        Map<String, Object> object = JSON.readValue(body, OBJECT);
        if (object != null) {
          return object;
        }
      } catch (JsonProcessingException notOne) {
        // Its message may quote the body.
      }
      throw new ProviderException("answered " + status + " without a JSON object");
    }
  }

  /**
   * Calls through proxies.
   *
   * @param proxies the way out of this machine
   */
  public ProviderCalls(ProxySelector proxies) {
    this.http =
        HttpClient.newBuilder()
            // Without TLS an offer of HTTP/2 goes along with every call, on which some servers
            // choke.
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(proxies)
            .build();
  }

  Answer get(URI address, Map<String, String> headers) throws ProviderException {
    return send(request(address, headers).GET());
  }

  Answer post(URI address, Map<String, String> headers, Map<String, String> form)
      throws ProviderException {
    return send(
        request(address, headers)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(encoded(form))));
  }

  /** Names and values as in a query or in a form. */
  static String encoded(Map<String, String> values) {
    return values.entrySet().stream()
        .map(entry -> encoded(entry.getKey()) + "=" + encoded(entry.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** Adds to the query of an address, which may have one. */
  static URI with(URI address, Map<String, String> parameters) {
    String text = address.toString();
    return URI.create(text + (address.getRawQuery() == null ? "?" : "&") + encoded(parameters));
  }

  /** A client's login, as RFC 6749 has it in section 2.3.1. */
  static String basic(String id, Secret secret) {
    String login = encoded(id) + ":" + encoded(secret.reveal());
    return "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
  }

  private static HttpRequest.Builder request(URI address, Map<String, String> headers) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(address).timeout(WHOLE).header("Accept", "application/json");
    headers.forEach(builder::header);
    return builder;
  }

  private Answer send(HttpRequest.Builder builder) throws ProviderException {
    HttpRequest request = builder.build();
    CompletableFuture<HttpResponse<String>> call = begin(request);
    try {
      // A request's own limit ends with the first byte of its answer.
      HttpResponse<String> answer = call.get(WHOLE.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(answer.statusCode(), answer.body());
    } catch (TimeoutException slow) {
      throw new ProviderException(
          host(request) + " has not answered within " + WHOLE.toSeconds() + " s", slow);
    } catch (ExecutionException failed) {
      Throwable cause = failed.getCause() instanceof IOException io ? io : failed;
      throw new ProviderException(
          host(request) + " can't be asked (" + cause.getClass().getSimpleName() + ")", cause);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new ProviderException("the gateway is being stopped", stopped);
    } finally {
      call.cancel(true);
    }
  }

  private CompletableFuture<HttpResponse<String>> begin(HttpRequest request)
      throws ProviderException {
    try {
      return http.sendAsync(
          request,
          HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofString(), LARGEST_ANSWER));
    } catch (ConfigurationException noWay) {
      throw new ProviderException(
          host(request) + " can't be asked: " + noWay.problems().getFirst(), noWay);
    }
  }

  private static String host(HttpRequest request) {
    return request.uri().getHost();
  }
}
