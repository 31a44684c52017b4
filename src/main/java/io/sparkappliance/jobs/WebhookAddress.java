package io.sparkappliance.jobs;

import io.sparkappliance.settings.Settings;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/** Addresses to which the end of a job may be told. */
public final class WebhookAddress {
  private static final String FIELD = "webhook";
  private static final int MAX_LENGTH = 2000;

  /** RFC 1035, section 2.3.4, as text. */
  private static final int MAX_HOST = 253;

  private WebhookAddress() {}

  /**
   * Reads the field {@code webhook}. Nobody is asked for the addresses of its host: that is done
   * when there is something to tell.
   *
   * @return http or https, with a host, without a login
   * @throws InvalidRequestException when it can't be used
   */
  public static URI parse(String text, Settings.Webhooks settings) {
    if (settings.hosts().patterns().isEmpty()) {
      throw new InvalidRequestException(
          FIELD, "can't be used: no host may be told here (the operator's setting WEBHOOK_HOSTS)");
    }
    URI address = read(text);
    if (!settings.hosts().allow(address)) {
      throw new InvalidRequestException(
          FIELD,
          "has a host or a port that may not be told here (the operator's setting WEBHOOK_HOSTS)");
    }
    literal(address)
        .flatMap(ip -> new CallableAddresses(settings.privateNetworks()).refusal(ip))
        .ifPresent(
            why -> {
              throw new InvalidRequestException(FIELD, why);
            });
    return address;
  }

  private static URI read(String text) {
    try {
      URI address = new URI(new URI(text).toASCIIString());
      boolean usable =
          address.getScheme() != null
              && address.getScheme().toLowerCase(Locale.ROOT).matches("https?")
              && address.getHost() != null
              && address.getHost().length() <= MAX_HOST
              && address.getRawUserInfo() == null
              && address.getRawFragment() == null
              && address.getPort() != 0
              && address.getPort() <= 65_535
              && address.toString().length() <= MAX_LENGTH;
      if (usable) {
        return address;
      }
    } catch (URISyntaxException notOne) {
      // Its message has the text, in which there may be a secret.
    }
    throw new InvalidRequestException(
        FIELD,
        "must be an https: or http: URL with a host, without user, password and fragment, of at most "
            + MAX_LENGTH
            + " characters");
  }

  /** Its host in small letters; IPv6 without brackets. */
  static String host(URI address) {
    return address.getHost().toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]", "");
  }

  /** Its port, the usual one of its scheme where it names none. */
  static int port(URI address) {
    return address.getPort() > 0 ? address.getPort() : isTls(address) ? 443 : 80;
  }

  /** Whether it is spoken to in TLS. */
  static boolean isTls(URI address) {
    return "https".equalsIgnoreCase(address.getScheme());
  }

  /** Its host, where that is an IP address. */
  static Optional<InetAddress> literal(URI address) {
    try {
      return Optional.of(InetAddress.ofLiteral(host(address)));
    } catch (IllegalArgumentException name) {
      return Optional.empty();
    }
  }
}
