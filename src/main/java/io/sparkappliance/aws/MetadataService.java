package io.sparkappliance.aws;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * The metadata service of an EC2 instance, version 2: every question carries a token. Version 1,
 * which answers whoever can send a GET, is not used.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html">Access
 *     instance metadata</a>
 */
public final class MetadataService {
  private static final String TOKEN = "X-aws-ec2-metadata-token";

  /** The longest that the service gives: a node asks for hours on end. */
  private static final int TOKEN_SECONDS = 21_600;

  /** Answers are lines or small documents. */
  private static final int LONGEST_ANSWER = 1 << 20;

  private final URI endpoint;
  private final Duration patience;
  private volatile String token;

  /**
   * Asks nothing yet.
   *
   * @param endpoint such as {@code http://169.254.169.254}
   * @param patience to connect, and for each part of an answer
   */
  MetadataService(URI endpoint, Duration patience) {
    this.endpoint = endpoint;
    this.patience = patience;
  }

  /**
   * An answer.
   *
   * @param path below {@code /latest/}, such as {@code meta-data/instance-id}
   * @return empty where the service has nothing there (404)
   * @throws IOException when it doesn't answer, or refuses
   */
  public Optional<String> get(String path) throws IOException {
    String known = token;
    if (known != null) {
      Answer answer = ask("GET", path, known);
      if (answer.status() != HttpURLConnection.HTTP_UNAUTHORIZED) {
        return content(path, answer);
      }
      // It expired, or another service answers here now.
    }
    return content(path, ask("GET", path, newToken()));
  }

  /** A token, from which alone is known that this is the service of an EC2 instance. */
  private String newToken() throws IOException {
    Answer answer = ask("PUT", "api/token", null);
    if (answer.status() != HttpURLConnection.HTTP_OK || answer.text().isBlank()) {
      throw new IOException(endpoint + " gives no token, it answers " + answer.status());
    }
    token = answer.text();
    return token;
  }

  private Optional<String> content(String path, Answer answer) throws IOException {
    return switch (answer.status()) {
      case HttpURLConnection.HTTP_OK -> Optional.of(answer.text());
      case HttpURLConnection.HTTP_NOT_FOUND -> Optional.empty();
      default -> throw new IOException(endpoint + " answers " + answer.status() + " to " + path);
    };
  }

  private record Answer(int status, String text) {}

  private Answer ask(String method, String path, String withToken) throws IOException {
    // Never by a proxy: it has a metadata service of its own, or none.
    HttpURLConnection connection =
        (HttpURLConnection)
            URI.create(endpoint + "/latest/" + path).toURL().openConnection(Proxy.NO_PROXY);
    try {
      connection.setRequestMethod(method);
      connection.setConnectTimeout((int) patience.toMillis());
      connection.setReadTimeout((int) patience.toMillis());
      connection.setInstanceFollowRedirects(false);
      connection.setUseCaches(false);
      if (withToken == null) {
        connection.setRequestProperty(TOKEN + "-ttl-seconds", Integer.toString(TOKEN_SECONDS));
      } else {
        connection.setRequestProperty(TOKEN, withToken);
      }
      int status = connection.getResponseCode();
      if (status != HttpURLConnection.HTTP_OK) {
        return new Answer(status, "");
      }
      try (InputStream body = connection.getInputStream()) {
        return new Answer(
            status, new String(body.readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8));
      }
    } finally {
      connection.disconnect();
    }
  }

  /** Where it is asked. */
  @Override
  public String toString() {
    return endpoint.toString();
  }
}
