package io.sparkappliance.auth;

import io.sparkappliance.settings.Secret;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A code that a person confirms at a provider (RFC 8628, section 3.2).
 *
 * @param address where the code is typed in
 * @param whole the same address with the code in it, where the provider has one
 * @param userCode what is typed in there, as it may be printed
 * @param lifetime for how long it counts
 * @param until when it ends
 * @param interval the least time between two questions for the token
 * @param secret what the token is asked for with; nobody is shown it
 * @param verifier what proves the origin of that question; empty: the provider knows no such proof
 */
public record DeviceCode(
    URI address,
    Optional<URI> whole,
    String userCode,
    Duration lifetime,
    Instant until,
    Duration interval,
    Secret secret,
    Optional<Secret> verifier) {
  private static final Duration USUAL_INTERVAL = Duration.ofSeconds(5);

  /** A provider that wants to be asked all the time is not meant. */
  private static final Duration LEAST_INTERVAL = Duration.ofSeconds(1);

  /**
   * What an endpoint answered.
   *
   * @param answer its fields
   * @param now the time
   * @param verifier of the request
   * @throws ProviderException when it lacks something
   */
  static DeviceCode of(Map<String, Object> answer, Instant now, Optional<Secret> verifier)
      throws ProviderException {
    Duration lifetime =
        seconds(answer, "expires_in").orElseThrow(() -> unusable("expires_in is missing"));
    return new DeviceCode(
        address(answer, "verification_uri")
            .orElseThrow(() -> unusable("verification_uri is no web address")),
        address(answer, "verification_uri_complete"),
        ProviderText.printable(text(answer, "user_code")),
        lifetime,
        now.plus(lifetime),
        seconds(answer, "interval")
            .map(interval -> longer(interval, LEAST_INTERVAL))
            .orElse(USUAL_INTERVAL),
        new Secret(text(answer, "device_code")),
        verifier);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static Optional<URI> address(Map<String, Object> answer, String name) {
    return Optional.ofNullable(answer.get(name))
        .map(Object::toString)
        // Of its printable characters alone: it is shown in a terminal.
        .filter(text -> text.equals(ProviderText.printable(text)))
        .flatMap(OidcProvider::webAddress);
  }

  private static String text(Map<String, Object> answer, String name) throws ProviderException {
    if (answer.get(name) instanceof String text && !text.isEmpty()) {
      return text;
    }
    throw unusable(name + " is missing");
  }

  private static Optional<Duration> seconds(Map<String, Object> answer, String name) {
    return answer.get(name) instanceof Number number && number.longValue() >= 0
        // Longer than anybody waits, and short enough to count with.
        ? Optional.of(Duration.ofSeconds(Math.min(number.longValue(), 86_400)))
        : Optional.empty();
  }

  private static ProviderException unusable(String why) {
    return new ProviderException("the provider's answer gives no code that can be used: " + why);
  }
}
